import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { aHospital, aSession } from '../support/hospital'
import { mayMount } from '../support/own-mounts'
import { type Server, startServer } from '../support/server'
import { composeText, readCompose } from './file'
import type { Project } from './project'

setDefaultTimeout(60_000)

const SESSIONS = 24
const PLACES = 2

let server: Server
beforeAll(async () => {
  const sessions = Array.from({ length: SESSIONS }, () => aSession({ capacity: PLACES }))
  server = await startServer({
    form: 'compose',
    replicas: { bookings: 3 },
    readOnly: mayMount,
    seed: aHospital({ sessions }),
  })
})
afterAll(() => server[Symbol.asyncDispose]())

/** More callers than places, for every session at once: the numbers that each session gave, and the ids of all bookings. */
async function storm(sessions: readonly number[]) {
  const asked = sessions.flatMap((sessionId) => Array<number>(PLACES + 2).fill(sessionId))
  const replies = await Promise.all(
    asked.map((sessionId) => server.call('POST', '/api/channel/bookings', { sessionId, patientId: 1 })),
  )
  const booked = replies.filter(({ status }) => status === 201).map(({ body }) => body.data)
  const refused = replies.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.reason}`)
  const numbers = sessions.map((sessionId) =>
    booked
      .filter((booking) => booking.sessionId === sessionId)
      .map(({ number }) => number)
      .sort(),
  )
  return { numbers, refused: new Set(refused), ids: booked.map(({ id }) => id as number) }
}

/** Ids are handed out to processes in ranges, so they tell which of them booked. */
const processesOf = (ids: number[]) => new Set(ids.map((id) => Math.floor((id - 1) / 512))).size

const allOfThem = Array.from({ length: PLACES }, (_, index) => index + 1)

test('with --scale bookings=3 several of them book, and every session gives each of its numbers once', async () => {
  const sessions = Array.from({ length: SESSIONS / 2 }, (_, index) => index + 1)
  const { numbers, refused, ids } = await storm(sessions)
  expect(numbers).toEqual(sessions.map(() => allOfThem))
  expect(refused).toEqual(new Set(['409 session_full']))
  expect(processesOf(ids)).toBeGreaterThan(1)
})

test('every event is copied into the stream for other teams', async () => {
  const [nats] = (server.services as Project).containers.get('nats')!
  const connection = await connect({ servers: nats!.url.replace('http', 'nats') })
  try {
    const streams = (await jetstreamManager(connection)).streams
    const copied = async () => (await streams.info('CHANNELLING').catch(() => null))?.state.messages ?? 0
    while ((await copied()) < (SESSIONS / 2) * PLACES) await Bun.sleep(20)
  } finally {
    await connection.close()
  }
})

test('a replica that is killed leaves the others booking', async () => {
  await server.services!.processes.bookings[1]!.kill()
  const sessions = Array.from({ length: SESSIONS / 2 }, (_, index) => SESSIONS / 2 + index + 1)
  // of what was under way to it nobody knows, and it is 503
  for (;;) {
    const { refused } = await storm(sessions)
    if (!refused.has('503 service_unavailable')) break
  }
  const listed = await server.call('GET', '/api/channel/bookings/patient/1?size=200')
  const numbers = sessions.map((sessionId) =>
    (listed.body.data as { sessionId: number; number: number }[])
      .filter((booking) => booking.sessionId === sessionId)
      .map(({ number }) => number)
      .sort(),
  )
  expect(numbers).toEqual(sessions.map(() => allOfThem))
})

test('nobody needs half of the memory and the threads that the file allows', async () => {
  const { services } = readCompose(await composeText(), { INTERNAL_SECRET: 'known to all of them' })
  const { database, processes } = server.services!
  const pids = { gateway: server.pid, database: database.pid, catalogue: processes.catalogue[0]!.pid }
  for (const [name, pid] of Object.entries({ ...pids, bookings: processes.bookings[0]!.pid })) {
    const { memory, pids } = services[name]!.deploy.resources.limits
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const told = (what: string) => Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(status)![1])
    expect(told('Threads')).toBeLessThan(pids / 2)
    expect(told('VmHWM') / 1024).toBeLessThan(megabytes(memory) / 2)
  }
})

test.each(mayMount ? ['a file system'] : [])('%s that cannot be written is all that they have, but for volumes', () => {
  const { database, processes } = server.services!
  for (const pid of [server.pid, database.pid, ...Object.values(processes).map(([one]) => one!.pid)]) {
    expect(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')).toMatch(/^\d+ \d+ \S+ \/ \/ ro,/m)
  }
})

const megabytes = (text: string) => Number.parseInt(text, 10) * (text.endsWith('G') ? 1024 : 1)

test('what is told to end ends by itself, long before it would be killed', async () => {
  const { processes } = server.services!
  const began = performance.now()
  await Promise.all(Object.values(processes).map(([one]) => one!.stop()))
  expect(performance.now() - began).toBeLessThan(15_000)
})
