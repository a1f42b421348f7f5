import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { mintKey } from './key'
import { createKeyring, type Keyring } from './keyring'
import { disableClient, enableClient } from './store/clients'
import { activateKey, deactivateKey, findKey, retireKey, rotateKey } from './store/keys'
import { actAt, reasonOf, startAccess, T0, YEAR_MS } from './testing'

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
  keyring = createKeyring({ database: access.database, clock: access.clock, elapsed: () => ticks })
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
  })
  expect(await verdict(key)).toBe('service_unavailable')
  down = false
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
  const other = createKeyring({ database: access.database, clock: () => T0 + 9_000 })
  await other.verify(key)
  await other.close()
  await keyring.verify(key)
  await keyring.close()
  expect((await findKey(access.database, id)).lastUsedAt).toBe(T0 + 9_000)
})

test('a failure to note the last uses is told to its listener and to nobody else', async () => {
  const { key } = await access.aKey()
  const faults: unknown[] = []
  keyring = createKeyring({
    database: { ...access.database, write: () => Promise.reject(new Error('disk full')) },
    clock: access.clock,
    onFault: (fault) => faults.push(fault),
  })
  await keyring.verify(key)
  await keyring.close()
  expect(faults).toHaveLength(1)
})
