import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, createKeyring, issueKey, type Keyring, mintKey } from '@channelling/access'
import { createCalendar } from '@channelling/contract'
import { type Database, open } from '@channelling/schema'
import { createAuthentication } from './authentication'
import { createFailedAttempts, type FailedAttempts } from './limits/failed-attempts'

const LIMIT = 5
/** Of keys never met, from an address beyond its limit, within a second. */
const LOOKUPS = 5

let folder: string
let database: Database
let keyring: Keyring
let failed: FailedAttempts
let reads: number
let now: number
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'authentication-'))
  database = await open({ url: `file:${join(folder, 'channelling.db')}` })
  reads = 0
  now = 0
  restart()
})
afterEach(async () => {
  await keyring.close()
  await database.close()
  rmSync(folder, { recursive: true })
})

/** Forgets everything, as a process that begins does. */
function restart(limit = LIMIT): void {
  const counted: Database = {
    ...database,
    read(sql, args) {
      reads++
      return database.read(sql, args)
    },
  }
  const elapsed = () => now
  keyring = createKeyring({ database: counted, clock: Date.now, calendar: createCalendar('Asia/Colombo'), elapsed })
  failed = createFailedAttempts(limit, elapsed)
}

async function aKey() {
  const act = { at: Date.now(), clientId: null, keyId: null, origin: 'command line' }
  const client = await createClient(database, { name: `Client ${Math.random()}`, contact: null, access: 'own' }, act)
  const wanted = { clientId: client.id, scopes: ['bookings:read' as const], expiresAt: act.at + 60_000, active: true }
  return issueKey(database, wanted, act)
}

/** `let in`, or what a key is refused with. */
async function verdict(key: string, address = '10.0.0.1'): Promise<string> {
  try {
    await createAuthentication(keyring, failed)(new Headers({ finance: key }), () => address)
    return 'let in'
  } catch (error) {
    return (error as { reason: string }).reason
  }
}

const readsOf = async (work: () => Promise<unknown>) => {
  const before = reads
  await work()
  return reads - before
}
const attempts = async (count: number, address?: string) => {
  for (let attempt = 0; attempt < count; attempt++) await verdict(mintKey(), address)
}
const attemptsAtOnce = (count: number) => Promise.all(Array.from({ length: count }, () => verdict(mintKey())))

test('beyond the limit keys that were never met cost an address a few reads a second, one after the other or all at once', async () => {
  expect(await readsOf(() => attempts(1_000))).toBe(LIMIT + LOOKUPS)
  now = 999
  expect(await readsOf(() => attemptsAtOnce(1_000))).toBe(0)
  now = 1_000
  expect(await readsOf(() => attemptsAtOnce(1_000))).toBe(LOOKUPS)
  restart()
  expect(await readsOf(() => attemptsAtOnce(1_000))).toBe(LIMIT + LOOKUPS)
  expect(await readsOf(() => attempts(LIMIT, '10.0.0.2'))).toBe(LIMIT)
})

test('an attempt that is not looked up is told to come again when the next one is', async () => {
  await attempts(1_000)
  const refused = async () =>
    createAuthentication(keyring, failed)(new Headers({ finance: mintKey() }), () => '10.0.0.1')
  await expect(refused()).rejects.toMatchObject({ reason: 'rate_limited', details: { retryAfterSeconds: 1 } })
})

test('a key that was met before is let in from an address beyond its limit, also after a change', async () => {
  const { key, id } = await aKey()
  expect(await verdict(key)).toBe('let in')
  for (now = 0; now < 10_000; now += 1_000) {
    await attempts(50)
    expect(await readsOf(async () => expect(await verdict(key)).toBe('let in'))).toBe(now === 0 ? 0 : 1)
    keyring.forget({ keyId: id })
    expect(await readsOf(async () => expect(await verdict(key)).toBe('let in'))).toBe(1)
  }
})

test('a good key that was never met is let in once its address has looked up fewer within the second', async () => {
  const { key } = await aKey()
  await attempts(1_000)
  expect(await verdict(key)).toBe('rate_limited')
  expect(await verdict(key, '10.0.0.2')).toBe('let in')
  restart()
  await attempts(1_000)
  now = 1_000
  await attempts(LOOKUPS - 1)
  expect(await verdict(key)).toBe('let in')
  await attempts(1_000)
  expect(await verdict(key)).toBe('let in')
})

test('good keys are no attempts, however many are met for the first time at once', async () => {
  const keys = await Promise.all(Array.from({ length: LIMIT }, aKey))
  for (let round = 0; round < 5; round++) {
    restart()
    expect(new Set(await Promise.all(keys.map(({ key }) => verdict(key))))).toEqual(new Set(['let in']))
    expect(failed.size()).toBe(0)
  }
  expect(await verdict(mintKey())).toBe('key_unknown')
})

test('without a limit every key is looked up', async () => {
  restart(0)
  expect(await readsOf(() => attempts(50))).toBe(50)
})

test('of however many addresses that look keys up a bounded number is kept', async () => {
  const ends = Array.from({ length: 30_000 }, (_, one) => failed.beginLookup(() => `10.0.${one >> 8}.${one & 255}`))
  expect(failed.size()).toBe(10_000)
  for (const end of ends) end()
  expect(failed.size()).toBe(0)
})
