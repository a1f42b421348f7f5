import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { aClient } from '../support/client'
import { crowd } from '../support/crowd'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

const CALLERS = 1000
const PLACES = 300

test(`${CALLERS} callers at once for ${PLACES} places get the numbers 1 to ${PLACES}, none twice, and the rest hear that it is full`, async () => {
  await using server = await startServer({
    seed: aHospital({ sessions: [aSession({ capacity: PLACES })], patients: CALLERS }),
  })
  const clients = await Promise.all(Array.from({ length: 5 }, () => aClient(server)))
  const replies = await crowd(
    server,
    Array.from({ length: CALLERS }, (_, caller) => ({
      method: 'POST',
      path: '/api/channel/bookings',
      key: clients[caller % clients.length]!.key,
      body: { sessionInstanceId: 1, patientId: caller + 1 },
    })),
  )
  const served = replies.filter(({ status }) => status === 201).map(({ body }) => body.data)
  const upTo = Array.from({ length: PLACES }, (_, index) => index + 1)
  expect(served.map(({ number }) => number).sort((a, b) => a - b)).toEqual(upTo)
  expect(served.map(({ id }) => id).sort((a, b) => a - b)).toEqual(upTo)
  const refused = replies.filter(({ status }) => status !== 201)
  expect(refused.map(({ status, body }) => `${status} ${body.reason}`)).toEqual(
    Array(CALLERS - PLACES).fill('409 session_full'),
  )

  await server.stop()
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  // what each was told is what is written
  const written = books.bookings.map(({ id, number, patient_id }) => `${id} ${number} ${patient_id}`)
  const told = served.sort((a, b) => a.id - b.id).map(({ id, number, patientId }) => `${id} ${number} ${patientId}`)
  expect(written).toEqual(told)
})
