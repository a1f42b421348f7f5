import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import type { Refusal } from '@channelling/contract'
import { isWellFormed, mintKey } from './key'
import { createKeyring, type Keyring } from './keyring'
import { disableClient, enableClient } from './store/clients'
import { activateKey, deactivateKey, findKey, retireKey, rotateKey } from './store/keys'
import { listUsage } from './store/usage'
import { actAt, calendar, reasonOf, startAccess, T0, YEAR_MS } from './testing'

let access: Awaited<ReturnType<typeof startAccess>>
let keyring: Keyring
let ticks = 0

beforeAll(async () => {
  access = await startAccess()
})
afterAll(() => access.close())
beforeEach(() => {
  access.time.now = T0
  ticks = 0
  keyring = createKeyring({ database: access.database, clock: access.clock, calendar, elapsed: () => ticks })
})

const verdict = (key: string) => reasonOf(() => keyring.verify(key))

test('a working key gives its client, its access and its scopes', async () => {
  const issued = await access.aKey({ scopes: ['bookings:read', 'admin'], access: 'all' })
  expect(await keyring.verify(issued.key)).toEqual({
    clientId: issued.clientId,
    keyId: issued.id,
    access: 'all',
    scopes: ['bookings:read', 'admin'],
  })
})

test('a mistyped key is refused without asking the database, a well-formed one that was never issued after asking', async () => {
  const key = mintKey()
  const mistyped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
  const before = access.counted.reads
  for (const wrong of [mistyped, '', 'chk_live_', "' OR 1=1 --", key.toLowerCase()]) {
    expect(await verdict(wrong)).toBe('key_unknown')
  }
  expect(access.counted.reads).toBe(before)
  expect(await verdict(key)).toBe('key_unknown')
  expect(access.counted.reads).toBe(before + 1)
})

test('a key expires at its instant, neither before nor after, also when it is remembered', async () => {
  const { key } = await access.aKey({ expiresAt: T0 + 5_000 })
  access.time.now = T0 + 4_999
  await keyring.verify(key)
  access.time.now = T0 + 5_000
  expect(await verdict(key)).toBe('key_expired')
  access.time.now = T0 + 4_999
  expect(await verdict(key)).toBe('not refused')
})

test('closing waits for uses that are being written already', async () => {
  const { key } = await access.aKey()
  const writing = Promise.withResolvers<void>()
  let written = false
  const slow = {
    ...access.database,
    async write(...asked: Parameters<typeof access.database.write>) {
      await writing.promise
      const done = await access.database.write(...asked)
      written = true
      return done
    },
  }
  const own = createKeyring({ database: slow, clock: access.clock, calendar })
  await own.verify(key)
  void own.close()
  const closed = own.close()
  writing.resolve()
  await closed
  expect(written).toBe(true)
})

test('a rotated key works through the overlap to its last millisecond, also when it is remembered', async () => {
  const old = await access.aKey()
  const fresh = await rotateKey(access.database, old.id, { overlapMs: 60_000 }, actAt(T0))
  await keyring.verify(old.key)
  access.time.now = T0 + 59_999
  expect(await verdict(old.key)).toBe('not refused')
  access.time.now = T0 + 60_000
  expect(await verdict(old.key)).toBe('key_retired')
  expect(await verdict(fresh.key)).toBe('not refused')
})

test('of several faults the first of retired, inactive, expired is told', async () => {
  const { id, key, clientId } = await access.aKey({ expiresAt: T0 + 1_000 })
  access.time.now = T0 + 1_000
  expect(await verdict(key)).toBe('key_expired')
  await deactivateKey(access.database, id, actAt(T0))
  await disableClient(access.database, clientId, actAt(T0))
  keyring.forget({ keyId: id })
  expect(await verdict(key)).toBe('key_inactive')
  await retireKey(access.database, id, actAt(T0))
  keyring.forget({ keyId: id })
  expect(await verdict(key)).toBe('key_retired')
})

test('a key is inactive while it or its client is switched off, and works again afterwards', async () => {
  const { id, key, clientId } = await access.aKey()
  const settle = async (change: Promise<unknown>) => {
    await change
    keyring.forget({ clientId })
    return verdict(key)
  }
  expect(await settle(disableClient(access.database, clientId, actAt(T0)))).toBe('key_inactive')
  expect(await settle(enableClient(access.database, clientId, actAt(T0)))).toBe('not refused')
  expect(await settle(deactivateKey(access.database, id, actAt(T0)))).toBe('key_inactive')
  expect(await settle(activateKey(access.database, id, actAt(T0)))).toBe('not refused')
})

test('a key is read once a second at most, and what another process did is seen when the second is over', async () => {
  const { id, key } = await access.aKey()
  await keyring.verify(key)
  const before = access.counted.reads
  await retireKey(access.database, id, actAt(T0))
  ticks = 999
  expect(keyring.verify(key)).not.toBeInstanceOf(Promise)
  expect(access.counted.reads).toBe(before)
  ticks = 1_000
  expect(await verdict(key)).toBe('key_retired')
  expect(access.counted.reads).toBe(before + 1)
})

test('setting the clock of the machine back keeps no record alive', async () => {
  const { id, key } = await access.aKey()
  await keyring.verify(key)
  await retireKey(access.database, id, actAt(T0 - YEAR_MS))
  access.time.now = T0 - 1_000
  ticks = 1_000
  expect(await verdict(key)).toBe('key_retired')
})

test('a change made here is seen by the very next request, and other keys stay remembered', async () => {
  const changed = await access.aKey()
  const other = await access.aKey()
  await keyring.verify(changed.key)
  await keyring.verify(other.key)
  await retireKey(access.database, changed.id, actAt(T0))
  keyring.forget({ keyId: changed.id })
  const before = access.counted.reads
  expect(await verdict(changed.key)).toBe('key_retired')
  expect(await verdict(other.key)).toBe('not refused')
  expect(access.counted.reads).toBe(before + 1)
  keyring.forget('all')
  expect(keyring.verify(other.key)).toBeInstanceOf(Promise)
})

test('before a read it is told of a key that was never met, and not of one that was, also after a change', async () => {
  const { id, key } = await access.aKey()
  let told = 0
  const verify = async (sent: string) => keyring.verify(sent, () => told++)
  await Promise.all([verify(key), verify(key)])
  expect(told).toBe(1)
  keyring.forget({ keyId: id })
  await verify(key)
  keyring.forget('all')
  await verify(key)
  ticks = 5_000
  await verify(key)
  expect(told).toBe(1)
  const unknown = mintKey()
  await verify(unknown).catch(() => undefined)
  await verify(unknown).catch(() => undefined)
  expect(told).toBe(3)
  const before = access.counted.reads
  const refused = () =>
    keyring.verify(unknown, () => {
      throw new Error('not now')
    })
  expect(refused).toThrow('not now')
  expect(access.counted.reads).toBe(before)
})

test('simultaneous requests with one key share one read', async () => {
  const { key, id } = await access.aKey()
  const before = access.counted.reads
  const callers = await Promise.all(Array.from({ length: 50 }, () => keyring.verify(key)))
  expect(callers.every((caller) => caller.keyId === id)).toBe(true)
  expect(access.counted.reads).toBe(before + 1)
})

test('a read begun before a change is neither remembered nor shared after it', async () => {
  const { id, key } = await access.aKey()
  const gate = Promise.withResolvers<void>()
  const read: typeof access.database.read = async (sql, args) => {
    const rows = await access.database.read(sql, args)
    await gate.promise
    return rows as never
  }
  let slow = true
  keyring = createKeyring({
    database: { ...access.database, read: (sql, args) => (slow ? read(sql, args) : access.database.read(sql, args)) },
    clock: access.clock,
    calendar,
    elapsed: () => ticks,
  })
  const early = keyring.verify(key)
  await Bun.sleep(1)
  await retireKey(access.database, id, actAt(T0))
  keyring.forget({ keyId: id })
  slow = false
  const duringTheRead = verdict(key)
  expect(await duringTheRead).toBe('key_retired')
  gate.resolve()
  await early
  expect(await verdict(key)).toBe('key_retired')
})

test('a key that cannot be looked up is refused as unavailable, and works again once it can be', async () => {
  const { key } = await access.aKey()
  let down = true
  keyring = createKeyring({
    database: {
      ...access.database,
      read: (sql, args) => (down ? Promise.reject(new Error('down')) : access.database.read(sql, args)),
    },
    clock: access.clock,
    calendar,
  })
  expect(await verdict(key)).toBe('service_unavailable')
  const refusal = await Promise.resolve(keyring.verify(key)).catch((error) => error)
  expect(refusal.details.retryAfterSeconds).toBe(1)
  down = false
  expect(await verdict(key)).toBe('not refused')
})

test('a key whose lookup takes long is refused as unavailable, long before whoever uses it gives up', async () => {
  const { key } = await access.aKey()
  let hangs = true
  const read: typeof access.database.read = (sql, args) =>
    hangs ? new Promise(() => {}) : access.database.read(sql, args)
  keyring = createKeyring({ database: { ...access.database, read }, clock: access.clock, calendar })
  const began = performance.now()
  expect(await verdict(key)).toBe('service_unavailable')
  expect(performance.now() - began).toBeLessThan(3_000)
  hangs = false
  expect(await verdict(key)).toBe('not refused')
})

test('keys that were never issued are not remembered', async () => {
  const key = mintKey()
  const before = access.counted.reads
  await verdict(key)
  await verdict(key)
  expect(access.counted.reads).toBe(before + 2)
})

test('the last uses of all keys are noted in one write, and refused uses are not', async () => {
  const keys = await Promise.all([access.aKey(), access.aKey(), access.aKey({ active: false })])
  const before = access.counted.writes
  for (const after of [0, 10, 20]) {
    access.time.now = T0 + after
    for (const { key } of keys) await verdict(key)
  }
  expect(access.counted.writes).toBe(before)
  await keyring.close()
  await keyring.close()
  expect(access.counted.writes).toBe(before + 1)
  const lastUses = await Promise.all(keys.map(async ({ id }) => (await findKey(access.database, id)).lastUsedAt))
  expect(lastUses).toEqual([T0 + 20, T0 + 20, null])
})

test('an earlier use never replaces a later one that another process noted', async () => {
  const { id, key } = await access.aKey()
  const other = createKeyring({ database: access.database, clock: () => T0 + 9_000, calendar })
  await other.verify(key)
  await other.close()
  await keyring.verify(key)
  await keyring.close()
  expect((await findKey(access.database, id)).lastUsedAt).toBe(T0 + 9_000)
})

test('requests are counted by the days of the hospital, and every one of them once', async () => {
  const [one, other] = [await access.aKey(), await access.aKey()]
  const midnight = calendar.startOf('2026-05-19')
  const usage = async (keyId: number) =>
    (await listUsage(access.database, { keyId, from: '2026-01-01', to: '2026-12-31', page: 0, size: 10 })).days
  const use = async (key: string, at: number, times: number) => {
    access.time.now = at
    for (let time = 0; time < times; time++) await verdict(key)
  }
  await use(one.key, midnight - 2, 3)
  await use(other.key, midnight - 1, 1)
  await keyring.close()
  await use(one.key, midnight - 1, 2)
  await use(one.key, midnight, 4)
  await use(other.key, midnight, 1)
  await keyring.close()
  expect(await usage(one.id)).toEqual([
    { day: '2026-05-19', requests: 4 },
    { day: '2026-05-18', requests: 5 },
  ])
  expect(await usage(other.id)).toEqual([
    { day: '2026-05-19', requests: 1 },
    { day: '2026-05-18', requests: 1 },
  ])
  expect((await findKey(access.database, one.id)).lastUsedAt).toBe(midnight)
})

test('two processes add to the same day, and what could not be written is written with the next', async () => {
  const { id, key } = await access.aKey()
  let down = true
  const flaky = {
    ...access.database,
    write: (...args: Parameters<typeof access.database.write>) =>
      down ? Promise.reject(new Error('down')) : access.database.write(...args),
  }
  const other = createKeyring({ database: flaky, clock: access.clock, calendar })
  for (const ring of [keyring, other]) {
    await ring.verify(key)
    await ring.verify(key)
    await ring.close()
  }
  await other.verify(key)
  down = false
  await other.close()
  await other.close()
  const { days } = await listUsage(access.database, {
    keyId: id,
    from: '2026-05-18',
    to: '2026-05-18',
    page: 0,
    size: 10,
  })
  expect(days).toEqual([{ day: '2026-05-18', requests: 5 }])
})

test('of a million well-formed keys none is let in, and the database is not asked about those with a wrong checksum', async () => {
  const { key: known } = await access.aKey()
  await keyring.verify(known)
  const before = access.counted.reads
  const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const bytes = new Uint8Array(36 * 1000)
  const { stackTraceLimit } = Error
  // a million traces of where keys are refused tell nobody anything
  Error.stackTraceLimit = 0
  let [refused, rightByChance] = [0, 0]
  try {
    for (let batch = 0; batch < 1_000; batch++) {
      crypto.getRandomValues(bytes)
      for (let start = 0; start < bytes.length; start += 36) {
        let key = 'chk_live_'
        for (let place = start; place < start + 36; place++) key += letters[bytes[place]! % 62]
        if (isWellFormed(key)) rightByChance++
        try {
          await keyring.verify(key)
        } catch (error) {
          if ((error as Refusal).reason === 'key_unknown') refused++
        }
      }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  expect(refused).toBe(1_000_000)
  // one in 62^6 has the right checksum by chance
  expect(rightByChance).toBeLessThanOrEqual(2)
  expect(access.counted.reads).toBe(before + rightByChance)

  const made = Array.from({ length: 1_000 }, mintKey)
  const verdicts = await Promise.all(made.map(verdict))
  expect(new Set(verdicts)).toEqual(new Set(['key_unknown']))
  expect(access.counted.reads).toBe(before + rightByChance + made.length)
}, 60_000)

test('a failure to note the uses is told to its listener and to nobody else', async () => {
  const { key } = await access.aKey()
  const faults: unknown[] = []
  keyring = createKeyring({
    database: { ...access.database, write: () => Promise.reject(new Error('disk full')) },
    clock: access.clock,
    calendar,
    onFault: (fault) => faults.push(fault),
  })
  await keyring.verify(key)
  await keyring.close()
  expect(faults).toHaveLength(1)
})
