import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import { createCalendar, DAY_MS, MINUTE_MS, type NewEvent } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { client } from '@channelling/schema/access'
import { appendEvents, newEpoch } from '@channelling/schema/outbox'
import { streamState } from '../store/outbox'
import { aCaller, aDatabase, anEvent, keptLog, NOON } from '../testing'
import { WAITING_MAX } from './claims'
import type { Answer, Message } from './receivers'
import { startWebhooks, type Webhooks } from './runner'
import { changeWebhook, deleteWebhook, resumeWebhook } from './store/change-webhook'
import { deliverFrom } from './store/deliveries'
import { sweep } from './store/sweep'
import { findWebhook, registerWebhook, type WebhookGiven } from './store/webhooks'

setDefaultTimeout(30_000)

interface Sent {
  to: string
  at: number
  // biome-ignore lint/suspicious/noExplicitAny: messages are asserted on, whatever they hold
  body: any
}

const everyone = aCaller({ access: 'all' })
const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

const ok: Partial<Answer> = { httpStatus: 204, failure: null }
const failed: Partial<Answer> = { httpStatus: 500, failure: 'status' }

/** A database, a clock that is moved by hand, and receivers that answer as the test says. */
async function aStage(answer: (sent: Sent) => Partial<Answer> | Promise<Partial<Answer>> = () => ok) {
  const { database, close } = await aDatabase()
  ended.push(close)
  await database.write([database.query.insert(client).values({ name: 'Other', access: 'all', createdAt: NOON })])
  const { log, lines } = keptLog()
  let now = NOON
  const sent: Sent[] = []
  const receivers = {
    judge: async () => {},
    async send({ url, body }: Message, signal?: AbortSignal): Promise<Answer> {
      const one = { to: url, at: now, body: JSON.parse(body) }
      sent.push(one)
      const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      return {
        httpStatus: null,
        failure: null,
        durationMs: 1,
        retryAfterMs: null,
        ...(await Promise.race([answer(one), aborted])),
      }
    },
  }
  const running: Webhooks[] = []
  const start = (over: Partial<Database> = {}) => {
    const webhooks = startWebhooks({
      database: { ...database, ...over },
      calendar: createCalendar('Asia/Colombo'),
      clock: () => now,
      log,
      receivers,
      chance: () => 0,
    })
    running.push(webhooks)
    ended.push(() => webhooks.close())
    return webhooks
  }
  const register = async (url: string, given: Partial<WebhookGiven> = {}, clientId = 2) => {
    const all = { url, description: null, sessionIds: null, consultantIds: null, types: null, ...given }
    return (
      await registerWebhook(database, all, { clientId, secret: `whsec_${btoa('a secret of some length')}`, at: now })
    ).id
  }
  const idle = async () => {
    const [row] = await database.read<{ busy: number }>(
      `SELECT (SELECT count(*) FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
          WHERE d.next_at <= ? AND w.paused_at IS NULL AND w.deleted_at IS NULL) AS busy`,
      [now],
    )
    return row!.busy === 0 && running.every((one) => one.underWay() === 0)
  }
  return {
    database,
    lines,
    sent,
    start,
    register,
    now: () => now,
    happen: async (...events: NewEvent[]) => {
      await database.write(appendEvents(events))
      for (const one of running) one.wake()
    },
    /** Once something is so, and what was under way has been written down. */
    async until(isSo: () => boolean | Promise<boolean>) {
      while (!((await isSo()) && (await idle()))) await Bun.sleep(2)
    },
    later(ms: number) {
      now += ms
      for (const one of running) one.wake()
    },
    webhook: (id: number) => findWebhook(database, id, everyone),
    rows: (where = '1 = 1') =>
      database.read<{ status: string; attempts: number; failure: string | null; next_at: number | null }>(
        `SELECT * FROM webhook_delivery WHERE ${where} ORDER BY id`,
      ),
  }
}

const booked = (session: number) => anEvent('booking.completed', session, { bookingId: 1, clientId: 1 })

test('a receiver that fails for days is tried by the schedule, then paused; nothing is lost, and all arrives in order once it is resumed', async () => {
  let healthy = false
  const stage = await aStage(({ to }) => (healthy || to === 'other' ? ok : failed))
  const id = await stage.register('failing')
  const other = await stage.register('other', { types: ['session.holiday'] })
  stage.start()
  await stage.happen(booked(1), booked(2), booked(1))
  const tries = () => stage.sent.filter(({ to }) => to === 'failing')
  let expected = 2
  for (let round = 1; ; round++) {
    await stage.until(() => tries().length === expected)
    if ((await stage.webhook(id)).pausedAt !== null) break
    const waiting = await stage.rows(`webhook_id = ${id} AND next_at IS NOT NULL`)
    const next = Math.min(...waiting.map((row) => row.next_at!))
    expected += waiting.filter((row) => row.next_at === next).length
    stage.later(next - stage.now())
    if (round > 30) throw new Error('It is never paused')
    // the pause comes with the first of the two that are due
    if (next - NOON >= 5 * DAY_MS) expected -= waiting.length - 1
  }
  const ofOne = tries().filter(({ body }) => body.seq === 1)
  const waits = ofOne.slice(1).map(({ at }, index) => at - ofOne[index]!.at)
  expect(waits.slice(0, 6)).toEqual(
    [5000, 5, 30, 120, 300, 600].map((wait, index) => (index ? wait * MINUTE_MS : wait)),
  )
  expect(tries().some(({ body }) => body.seq === 3)).toBe(false)
  expect(await stage.webhook(id)).toMatchObject({ pauseReason: 'failing', failingSince: NOON, waiting: 3 })
  expect((await stage.webhook(id)).pausedAt! - NOON).toBeGreaterThanOrEqual(5 * DAY_MS)
  expect(stage.lines.filter(({ msg }) => msg.startsWith('a webhook is paused'))).toHaveLength(1)
  await stage.until(() => stage.sent.some(({ to }) => to === 'other'))
  expect(stage.sent.find(({ to }) => to === 'other')!.body).toEqual({
    type: 'webhook.paused',
    webhookId: id,
    reason: 'failing',
  })
  expect((await stage.webhook(other)).pausedAt).toBeNull()

  await stage.happen(booked(2))
  stage.later(DAY_MS)
  // as if it had never failed: one more failure neither pauses it nor gives anything up
  const paused = stage.sent.length
  await resumeWebhook(stage.database, id, everyone, stage.now())
  await stage.until(() => stage.sent.length === paused + 2)
  expect(await stage.rows(`webhook_id = ${id} AND next_at IS NOT NULL`)).toMatchObject(
    Array(2).fill({ status: 'waiting', failures: 1, next_at: stage.now() + 5000 }),
  )
  expect((await stage.webhook(id)).pausedAt).toBeNull()

  healthy = true
  const before = stage.sent.length
  await resumeWebhook(stage.database, id, everyone, stage.now())
  await stage.until(() => stage.sent.length === before + 4)
  const seqs = (session: number) =>
    stage.sent
      .slice(before)
      .filter(({ body }) => body.sessionId === session)
      .map(({ body }) => body.seq)
  expect([seqs(1), seqs(2)]).toEqual([
    [1, 3],
    [2, 4],
  ])
  expect(await stage.webhook(id)).toMatchObject({ failingSince: null, waiting: 0 })
})

test('while one event of a session waits, later ones of it wait too, and other sessions go on', async () => {
  let refusing = true
  const stage = await aStage(({ body }) => (refusing && body.sessionId === 1 ? failed : ok))
  const id = await stage.register('picky')
  stage.start()
  await stage.happen(booked(1), booked(2), booked(1), booked(2), booked(3))
  await stage.until(() => stage.sent.length === 4)
  expect(stage.sent.map(({ body }) => body.seq).sort()).toEqual([1, 2, 4, 5])
  refusing = false
  stage.later(4999)
  await stage.happen(booked(2))
  await stage.until(() => stage.sent.length === 5)
  stage.later(1)
  await stage.until(() => stage.sent.length === 7)
  expect(stage.sent.slice(5).map(({ body }) => body.seq)).toEqual([1, 3])
  expect((await stage.webhook(id)).waiting).toBe(0)
})

test('an event that never gets through is given up after five days when others do, and its session goes on', async () => {
  const stage = await aStage(({ body }) => (body.seq === 1 ? failed : ok))
  const id = await stage.register('picky')
  stage.start()
  await stage.happen(booked(1), booked(1))
  await stage.until(() => stage.sent.length === 1)
  for (let day = 0; day < 6; day++) {
    stage.later(DAY_MS)
    const before = stage.sent.length
    await stage.happen(booked(2))
    await stage.until(async () => stage.sent.slice(before).some(({ body }) => body.sessionId === 2))
  }
  await stage.until(() => stage.sent.some(({ body }) => body.seq === 2))
  expect((await stage.rows('seq = 1'))[0]).toMatchObject({
    status: 'failed',
    failure: 'status',
    next_at: null,
    message: null,
  })
  expect(await stage.webhook(id)).toMatchObject({ pausedAt: null, waiting: 0 })
})

test('a receiver that asks to be left alone is left alone, with every session', async () => {
  let busy = true
  const stage = await aStage(() => (busy ? { httpStatus: 429, failure: 'status', retryAfterMs: 60_000 } : ok))
  await stage.register('busy')
  await stage.register('other', { sessionIds: [2] })
  stage.start()
  await stage.happen(booked(1))
  await stage.until(() => stage.sent.length === 1)
  busy = false
  await stage.happen(booked(2))
  const others = () => stage.sent.filter(({ to }) => to === 'other').length
  // what is held is due as well, so that it is never idle here
  while (others() < 1) await Bun.sleep(2)
  stage.later(59_999)
  await stage.happen(booked(2))
  while (others() < 2) await Bun.sleep(2)
  expect(stage.sent.filter(({ to }) => to === 'busy')).toHaveLength(1)
  stage.later(1)
  await stage.until(() => stage.sent.filter(({ to }) => to === 'busy').length === 4)
})

test('however many receivers hang, the others hear of everything', async () => {
  const stage = await aStage(({ to }) => (to.startsWith('hanging') ? new Promise(() => {}) : ok))
  for (let count = 0; count < 40; count++) await stage.register(`hanging ${count}`, {}, 1 + (count % 2))
  await stage.database.write([{ sql: 'UPDATE webhook SET client_id = 1', args: [] }])
  await stage.register('healthy')
  const webhooks = stage.start()
  for (let round = 0; round < 5; round++) await stage.happen(...[1, 2, 3, 4, 5, 6].map(booked))
  while (stage.sent.filter(({ to }) => to === 'healthy').length < 30) await Bun.sleep(2)
  expect(webhooks.underWay()).toBeLessThanOrEqual(96)
  // each of them was begun too
  expect(new Set(stage.sent.map(({ to }) => to)).size).toBe(41)
})

test('what a client may not see any more is not sent, and one that is disabled is told nothing until it is enabled', async () => {
  const stage = await aStage()
  await stage.register('theirs', {}, 1)
  await stage.register('all')
  stage.start()
  await stage.database.write([{ sql: 'UPDATE client SET disabled_at = 1 WHERE id = 1', args: [] }])
  await stage.happen(anEvent('booking.completed', 1, { bookingId: 77, payload: { number: 5, reason: 'Private' } }))
  await stage.until(() => stage.sent.length === 1)
  expect(stage.sent[0]!.body).toEqual({
    seq: 1,
    type: 'booking.completed',
    sessionId: 1,
    consultantId: null,
    bookingId: 77,
    at: '2026-05-18 12:00:00',
    number: 5,
  })
  await stage.database.write([{ sql: 'UPDATE client SET disabled_at = NULL WHERE id = 1', args: [] }])
  stage.later(1)
  await stage.until(() => stage.sent.length === 2)
  expect(stage.sent[1]).toMatchObject({ to: 'theirs' })
  expect(stage.sent[1]!.body).not.toHaveProperty('bookingId')
  expect(stage.sent[1]!.body).not.toHaveProperty('number')
})

test.each([
  ['the stream began anew', [newEpoch]],
  [
    'what it was to be told is no longer kept',
    [
      { sql: 'DELETE FROM event', args: [] },
      { sql: 'UPDATE event_stream SET lowest_seq = 3', args: [] },
    ],
  ],
])('a webhook learns that it missed something when %s, and goes on from there', async (_why, statements) => {
  const stage = await aStage()
  const id = await stage.register('one')
  await stage.happen(booked(1), booked(1))
  await stage.database.write(statements)
  stage.start()
  await stage.until(() => stage.sent.length === 1)
  const { epoch } = await stage.webhook(id)
  expect(stage.sent[0]!.body).toEqual({ type: 'webhook.resync', epoch, seq: 2 })
  await stage.happen(booked(2))
  await stage.until(() => stage.sent.length === 2)
  expect(stage.sent[1]!.body).toMatchObject({ seq: 3, sessionId: 2 })
})

test('of a receiver that takes nothing so many deliveries wait and no more; the rest comes from the outbox later', async () => {
  let refusing = true
  const stage = await aStage(() => (refusing ? failed : ok))
  const id = await stage.register('one')
  stage.start()
  const many = WAITING_MAX + 50
  await stage.register('witness', { types: ['session.holiday'] })
  await stage.happen(...Array.from({ length: many }, () => booked(1)), anEvent('session.holiday', 2))
  // who hears of the last event shows that everything before it was read
  await stage.until(() => stage.sent.some(({ to }) => to === 'witness'))
  expect((await stage.webhook(id)).waiting).toBe(WAITING_MAX)
  // enough of it to see that it goes on: all of them in one session would only take long
  refusing = false
  await stage.database.write([
    {
      sql: "UPDATE webhook_delivery SET status = 'delivered', message = NULL, next_at = NULL WHERE seq <= ?",
      args: [many - 60],
    },
    { sql: 'UPDATE webhook_delivery SET next_at = 1 WHERE seq = ?', args: [many - 59] },
  ])
  const before = stage.sent.length
  await stage.until(() => stage.sent.some(({ to, body }) => to === 'one' && body.seq === many))
  const told = stage.sent.slice(before).filter(({ body }) => body.sessionId === 1)
  expect(told.map(({ body }) => body.seq)).toEqual(Array.from({ length: 60 }, (_, index) => many - 59 + index))
})

test('a fault of the database loses nothing and doubles no delivery', async () => {
  const stage = await aStage()
  await stage.register('one')
  let faults = 0
  stage.start({
    write: (statements) => {
      if (++faults % 3 === 0) return Promise.reject(new Error('the database is away'))
      return stage.database.write(statements)
    },
  })
  for (let count = 0; count < 5; count++) {
    const before = stage.sent.length
    await stage.happen(booked(1))
    await stage.until(() => stage.sent.length > before)
  }
  expect(stage.sent.map(({ body }) => body.seq)).toEqual([1, 2, 3, 4, 5])
  expect(await stage.rows("status = 'delivered'")).toHaveLength(5)
})

test('however late the database says what is due, what was sent meanwhile is not sent again, and to one that is gone nothing', async () => {
  const stage = await aStage(async ({ to }) => {
    await Bun.sleep(10)
    return to === 'gone' ? { httpStatus: 410, failure: 'status' } : ok
  })
  const gone = await stage.register('gone')
  await stage.register('there')
  const webhooks = stage.start({
    async read(sql, args) {
      const rows = await stage.database.read(sql, args)
      await Bun.sleep(20)
      return rows as never
    },
  })
  const waking = setInterval(webhooks.wake, 1)
  for (const session of [1, 2, 3]) {
    await stage.happen(booked(session))
    await stage.until(() => stage.sent.filter(({ to }) => to === 'there').length >= session)
  }
  await stage.until(async () => (await stage.webhook(gone)).pausedAt !== null)
  await Bun.sleep(200)
  clearInterval(waking)
  expect(stage.sent.filter(({ to }) => to === 'gone')).toHaveLength(1)
  const told = stage.sent.filter(({ to, body }) => to === 'there' && body.seq).map(({ body }) => body.seq)
  expect(told).toEqual([1, 2, 3])
})

test('an address that is gone pauses nothing once the webhook has another', async () => {
  const answered = Promise.withResolvers<Partial<Answer>>()
  const stage = await aStage(({ to }) => (to === 'old' ? answered.promise : ok))
  const id = await stage.register('old')
  stage.start()
  await stage.happen(booked(1))
  while (stage.sent.length === 0) await Bun.sleep(2)
  await changeWebhook(stage.database, id, everyone, { url: 'new' })
  answered.resolve({ httpStatus: 410, failure: 'status' })
  await stage.until(() => stage.sent.length === 2)
  expect(stage.sent.map(({ to }) => to)).toEqual(['old', 'new'])
  expect(await stage.webhook(id)).toMatchObject({ pauseReason: null, failingSince: null, waiting: 0 })
})

test('what happens after a webhook was changed is told as it asks now, however late the database answers', async () => {
  const stage = await aStage()
  const id = await stage.register('one', { types: ['session.cancelled'] })
  // what is read first stands still until the change and the event after it are there
  let first = true
  const changed = Promise.withResolvers<void>()
  const began = Promise.withResolvers<void>()
  const held = async <Rows>(rows: Promise<Rows>): Promise<Rows> => {
    const answer = await rows
    if (first) {
      first = false
      began.resolve()
      await changed.promise
    }
    return answer
  }
  stage.start({
    read: (sql, args) =>
      (sql.includes('webhook w') ? held(stage.database.read(sql, args)) : stage.database.read(sql, args)) as never,
    readAll: (statements) => held(stage.database.readAll(statements)),
  })
  await began.promise
  await changeWebhook(stage.database, id, everyone, { types: null })
  await stage.happen(booked(1))
  changed.resolve()
  await stage.until(() => stage.sent.length === 1)
  expect(stage.sent.map(({ body }) => body.seq)).toEqual([1])
})

test('a replay goes back where nothing was wanted before, and what was passed over then is told', async () => {
  const stage = await aStage()
  const id = await stage.register('one', { types: ['session.cancelled'] })
  stage.start()
  await stage.happen(booked(1), booked(2))
  await stage.until(() => stage.sent.length === 0)
  await Bun.sleep(200)
  await changeWebhook(stage.database, id, everyone, { types: null })
  const { epoch } = await streamState(stage.database)
  await deliverFrom(stage.database, id, epoch, 2)
  await stage.happen()
  await stage.until(() => stage.sent.some(({ body }) => body.seq === 2))
})

test('two that deliver at once by mistake make no event a delivery twice', async () => {
  const stage = await aStage()
  await stage.register('one')
  stage.start()
  stage.start()
  for (let count = 0; count < 50; count++) await stage.happen(booked(count % 5))
  await stage.until(async () => (await stage.rows("status = 'delivered'")).length === 50)
  expect(await stage.rows()).toHaveLength(50)
})

test('what is under way when it closes is sent again, and counts as no failure', async () => {
  const stage = await aStage(() => new Promise(() => {}))
  const id = await stage.register('one')
  const webhooks = stage.start()
  await stage.happen(booked(1))
  while (stage.sent.length === 0) await Bun.sleep(2)
  await webhooks.close()
  expect(await stage.rows()).toMatchObject([{ status: 'waiting', attempts: 0, failure: null }])
  expect((await stage.webhook(id)).failingSince).toBeNull()
})

test('what came of deliveries is kept for 30 days, and nothing of a deleted webhook; what waits stays', async () => {
  const stage = await aStage(({ to }) => (to === 'failing' ? failed : ok))
  await stage.register('one')
  await stage.register('failing')
  const deleted = await stage.register('deleted')
  const webhooks = stage.start()
  await stage.happen(...Array.from({ length: 20 }, () => booked(1)))
  await stage.until(() => stage.sent.length === 41)
  await webhooks.close()
  await deleteWebhook(stage.database, deleted, everyone, stage.now())
  const sweepAll = async (at: number, arrivedMax?: number) => {
    while (await sweep(stage.database, at, arrivedMax));
    return (
      await stage.database.read<{ id: number; count: number }>(
        'SELECT webhook_id AS id, count(*) AS count FROM webhook_delivery GROUP BY 1 ORDER BY 1',
      )
    ).map(({ id, count }) => [id, count])
  }
  expect(await sweepAll(NOON + 30 * DAY_MS)).toEqual([
    [1, 20],
    [2, 20],
  ])
  const [{ last }] = (await stage.database.read<{ last: number }>(
    'SELECT max(id) AS last FROM webhook_delivery WHERE webhook_id = 1',
  )) as [{ last: number }]
  expect(await sweepAll(NOON, 7)).toEqual([
    [1, 7],
    [2, 20],
  ])
  expect((await stage.rows(`webhook_id = 1 AND id = ${last}`)).length).toBe(1)
  expect(await sweepAll(NOON + 30 * DAY_MS + 1)).toEqual([[2, 20]])
  expect(await stage.database.read('SELECT id FROM webhook ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }])
})
