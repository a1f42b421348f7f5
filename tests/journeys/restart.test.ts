import { expect, setDefaultTimeout, test } from 'bun:test'
import { booksOf, faultsIn } from '../support/books'
import { aClient } from '../support/client'
import { aHospital, aSession } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

test('a restart keeps everything: bookings, numbers, holds, patients, clients, keys, answers; ids go on without a gap', async () => {
  await using server = await startServer({
    seed: aHospital({ sessions: [aSession({ reservedNumbers: [3] }), aSession(), aSession({ capacity: 1 })] }),
  })
  const agent = await aClient(server)
  const retired = await aClient(server)
  await server.call('PUT', `/api/admin/keys/${retired.keyId}/retire`)
  const patientId = (await agent.call('POST', '/api/patients', { name: 'Jane Doe', phone: '0771234567' })).body.data.id

  const book = (sessionInstanceId: number, more: object = {}, key?: string) =>
    agent.call(
      'POST',
      '/api/channel/bookings',
      { sessionInstanceId, patientId, ...more },
      { headers: key ? { 'idempotency-key': key } : {} },
    )
  const ids: number[] = []
  for (const [sessionId, more, key] of [
    [1, { reference: 'REF-1' }, 'once'],
    [1, {}],
    [1, {}],
    [2, { hold: true }],
    [3, {}],
  ] as const) {
    const { status, body } = await book(sessionId, more, key)
    expect(status).toBe(201)
    ids.push(body.data.id)
  }
  expect(ids).toEqual([1, 2, 3, 4, 5])
  await agent.call('PUT', '/api/channel/bookings/2/cancel', { reason: 'Ill' })
  await agent.call('PUT', '/api/channel/bookings/5/reschedule', { sessionInstanceId: 2 })

  const paths = [
    ...ids.flatMap((id) => [`/api/channel/bookings/${id}`, `/api/channel/bookings/${id}/history`]),
    `/api/channel/bookings/patient/${patientId}`,
    '/api/channel/specialities',
    '/api/channel/hospitals',
    '/api/channel/consultants',
    '/api/channel/sessions',
    '/api/patients/search?phone=0771234567',
    '/api/admin/clients',
    '/api/admin/audit',
  ]
  const everything = async () => {
    const answers: Record<string, unknown> = {}
    for (const path of paths) {
      const { status, body } = await server.call('GET', path)
      expect(`${path} ${status}`).toBe(`${path} 200`)
      answers[path] = body
    }
    return answers
  }
  const before = await everything()
  const first = await book(1, { reference: 'REF-1' }, 'once')
  expect(first.headers.get('idempotent-replay')).toBe('true')

  for (const restart of [1, 2]) {
    await server.stop()
    await server.restart()
    expect(await everything()).toEqual(before)
    const replayed = await book(1, { reference: 'REF-1' }, 'once')
    expect(replayed.text).toBe(first.text)
    expect(replayed.headers.get('idempotent-replay')).toBe('true')
    expect((await book(1, { reference: 'REF-1' })).body.reason).toBe('reference_used')
    const refused = await retired.call('GET', '/api/channel/specialities')
    expect(`restart ${restart}: ${refused.body.reason}`).toBe(`restart ${restart}: key_retired`)
  }

  // the number that was given back is the next one, after it the lowest never given; the ids go on
  expect((await book(1)).body.data).toMatchObject({ id: 6, number: 2 })
  await server.stop()
  await server.restart()
  expect((await book(1)).body.data).toMatchObject({ id: 7, number: 5 })
  expect((await book(3)).body.data).toMatchObject({ id: 8, number: 1 })
  expect((await agent.call('PUT', '/api/channel/bookings/4/complete')).body.data.status).toBe('ACTIVE')
  const another = await agent.call('POST', '/api/patients', { name: 'Sunil', phone: '0771234568' })
  expect(another.body.data.id).toBe(patientId + 1)
  await server.stop()
  expect(faultsIn(await booksOf(server))).toEqual([])
})

test('who is told to stop finishes what it has begun: whatever was answered is there, and nothing was answered wrongly', async () => {
  await using server = await startServer({ seed: aHospital({ sessions: [aSession({ capacity: 0 })] }) })
  const asked = { sessionInstanceId: 1, patientId: 1 }
  const waiting = Array.from({ length: 200 }, () =>
    server.call('POST', '/api/channel/bookings', asked).catch(() => undefined),
  )
  const first = await Promise.any(waiting)
  expect(first?.status).toBe(201)
  await server.stop()
  const answered = (await Promise.all(waiting)).filter((reply) => reply !== undefined)
  const served = answered.filter(({ status }) => status === 201)
  // what was still waiting may be sent away, to try again
  expect(answered.filter(({ status }) => status !== 201 && status !== 503)).toEqual([])
  const books = await booksOf(server)
  expect(faultsIn(books)).toEqual([])
  const written = new Set(books.bookings.map(({ id }) => id))
  expect(served.filter(({ body }) => !written.has(body.data.id))).toEqual([])
  expect(books.bookings).toHaveLength(served.length)

  await server.restart()
  const next = await server.call('POST', '/api/channel/bookings', asked)
  expect(next.body.data.id).toBe(served.length + 1)
})
