import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type Caller, Refusal } from '@channelling/contract'
import { IDENTITY_HEADER, signIdentity } from '@channelling/http'
import type { Database } from '@channelling/schema'
import { createFeed, createNotifications, redeemTicket } from '../index'
import { aCaller, aDatabase, calendar, keptLog, NOON } from '../testing'

const SECRET = 'a secret of the tests'
const PATH = '/api/notifications/tickets'

let database: Database
let release: () => Promise<void>
let now: number

beforeEach(async () => {
  const opened = await aDatabase()
  database = opened.database
  release = opened.close
  now = NOON
})
afterEach(() => release())

const clock = () => now

async function ask({ caller = aCaller(), body, type }: { caller?: Caller | null; body?: string; type?: string } = {}) {
  const { log } = keptLog()
  const feed = createFeed({ database, calendar, log })
  const app = createNotifications({ database, calendar, clock, secret: SECRET, feed, log })
  const headers: Record<string, string> = { 'content-type': type ?? 'application/json' }
  if (caller) headers[IDENTITY_HEADER] = signIdentity(SECRET, caller, { method: 'POST', path: PATH }, Date.now())
  const reply = await app.fetch(new Request(`http://localhost${PATH}`, { method: 'POST', headers, body }))
  return { reply, body: (await reply.json()) as { data: { ticket: string; expiresAt: string }; reason?: string } }
}

const issue = async (caller?: Caller) => (await ask({ caller })).body.data.ticket

/** The caller, or the reason of the refusal. */
const redeem = (ticket: string) =>
  redeemTicket({ database, clock }, ticket).catch((error) => {
    if (error instanceof Refusal) return error.reason
    throw error
  })

const kept = async () => (await database.read<{ count: number }>('SELECT count(*) AS count FROM ticket'))[0]!.count

test('a ticket stands for whom it was issued to, with the client, key, scopes and access of the moment', async () => {
  const caller = aCaller({ keyId: 42, access: 'all', scopes: ['bookings:read', 'notifications:read'] })
  expect(await redeem(await issue(caller))).toEqual(caller)
})

test('a ticket is answered with its expiry in the zone of the hospital, and not to be kept by caches', async () => {
  const { reply, body } = await ask()
  expect(reply.status).toBe(201)
  expect(body as object).toEqual({
    status: 'success',
    code: 201,
    data: { ticket: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), expiresAt: '2026-05-18 12:01:00' },
  })
  expect(reply.headers.get('location')).toBe('/ws/notify')
  expect(reply.headers.get('cache-control')).toBe('no-store')
})

for (const [what, body] of [
  ['no body', undefined],
  ['an empty object', '{}'],
  ['null', 'null'],
] as const) {
  test(`${what} is enough to ask for a ticket`, async () => {
    expect((await ask({ body })).reply.status).toBe(201)
  })
}

for (const [what, request, status, reason] of [
  ['an unknown property', { body: '{"seconds":600}' }, 400, 'invalid_request'],
  ['a list', { body: '[]' }, 400, 'invalid_request'],
  ['broken JSON', { body: '{' }, 400, 'malformed_json'],
  ['a form', { body: 'a=b', type: 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
  ['a caller whom the gateway did not send', { caller: null }, 401, 'identity_invalid'],
  ['a key without the scope', { caller: aCaller({ scopes: ['notifications:write'] }) }, 403, 'scope_missing'],
] as const) {
  test(`${what} gets no ticket: ${reason}`, async () => {
    const { reply, body } = await ask(request)
    expect([reply.status, body.reason]).toEqual([status, reason])
    expect(await kept()).toBe(0)
  })
}

test('a ticket works once', async () => {
  const ticket = await issue()
  expect(await redeem(ticket)).toEqual(aCaller())
  expect(await redeem(ticket)).toBe('ticket_invalid')
})

test('of several who bring one ticket at once, exactly one is let in', async () => {
  for (let round = 0; round < 20; round++) {
    const ticket = await issue()
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => redeem(ticket)))
    expect(outcomes.filter((outcome) => outcome !== 'ticket_invalid')).toEqual([aCaller()])
  }
})

test('a ticket is good for 60 seconds, up to the very millisecond', async () => {
  const [good, late] = [await issue(), await issue()]
  now = NOON + 59_999
  expect(await redeem(good)).toEqual(aCaller())
  now = NOON + 60_000
  expect(await redeem(late)).toBe('ticket_invalid')
})

test('what never was a ticket is refused, however it looks', async () => {
  for (const ticket of ['', 'x', 'A'.repeat(43), 'A'.repeat(100_000), `${'A'.repeat(42)}\u0000`, "' OR 1=1 --"]) {
    expect(await redeem(ticket)).toBe('ticket_invalid')
  }
})

test('the database never holds the ticket itself', async () => {
  const ticket = await issue()
  expect(JSON.stringify(await database.read('SELECT * FROM ticket'))).not.toContain(ticket)
})

test('expired tickets are swept out as new ones are issued; live ones stay', async () => {
  await issue()
  now = NOON + 59_999
  const live = await issue()
  expect(await kept()).toBe(2)
  now = NOON + 60_000
  await issue()
  expect(await kept()).toBe(2)
  expect(await redeem(live)).toEqual(aCaller())
})

test('no two tickets are alike', async () => {
  const tickets = await Promise.all(Array.from({ length: 50 }, () => issue()))
  expect(new Set(tickets).size).toBe(50)
})
