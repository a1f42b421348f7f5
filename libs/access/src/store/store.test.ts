import { afterEach, beforeEach, expect, test } from 'bun:test'
import { DAY_MS, type Instant, scopes } from '@channelling/contract'
import { mintKey } from '../key'
import { createKeyring } from '../keyring'
import { actAt, calendar, reasonOf, startAccess, T0, YEAR_MS } from '../testing'
import { listAudit } from './audit'
import { installBootstrapKey } from './bootstrap'
import { createClient, disableClient, enableClient, findClient, listClients, updateClient } from './clients'
import { activateKey, deactivateKey, findKey, listKeys, retireKey, rotateKey } from './keys'

let access: Awaited<ReturnType<typeof startAccess>>
beforeEach(async () => {
  access = await startAccess()
})
afterEach(() => access.close())

const act = actAt(T0)
const WEEK_MS = 7 * DAY_MS
const everything = { from: 0, to: Number.MAX_SAFE_INTEGER, page: 0, size: 100 }
const acts = async () =>
  (await listAudit(access.database, everything)).records.reverse().map(({ action, subject }) => `${action} ${subject}`)

/** Every way of taking an admin key out of use. */
const removals = {
  retired: (id: number) => retireKey(access.database, id, act),
  deactivated: (id: number) => deactivateKey(access.database, id, act),
  disabled: async (id: number) => disableClient(access.database, (await findKey(access.database, id)).clientId, act),
}

for (const [removed, remove] of Object.entries(removals)) {
  test(`the last working admin key cannot be ${removed}; with a second one it can`, async () => {
    const admin = await access.aKey({ scopes: ['admin'] })
    const before = await acts()
    expect(await reasonOf(() => remove(admin.id))).toBe('last_admin_key')
    expect(await acts()).toEqual(before)
    await access.aKey({ scopes: ['bookings:read', 'admin'] })
    expect(await reasonOf(() => remove(admin.id))).toBe('not refused')
  })

  test(`of two callers who want the last two admin keys ${removed}, one is refused`, async () => {
    for (let round = 0; round < 10; round++) {
      const pair = [await access.aKey({ scopes: ['admin'] }), await access.aKey({ scopes: ['admin'] })]
      const others = (await listKeys(access.database, { page: 0, size: 100 })).keys
      for (const { id } of others) if (!pair.some((key) => key.id === id)) await retireKey(access.database, id, act)
      const verdicts = await Promise.all(pair.map(({ id }) => reasonOf(() => remove(id))))
      expect(verdicts.sort()).toEqual(['last_admin_key', 'not refused'])
    }
  })

  test(`an admin key is ${removed} only where another one lasts as long, or for seven more days`, async () => {
    const removable = async (lasts: Instant, standIn: Instant) => {
      const admin = await access.aKey({ scopes: ['admin'], expiresAt: lasts })
      const other = await access.aKey({ scopes: ['admin'], expiresAt: standIn })
      const verdict = await reasonOf(() => remove(admin.id))
      // leaves the books without an admin key again
      for (const { id } of [admin, other]) {
        const sql = 'UPDATE api_key SET active = 0 WHERE id = ?'
        await access.database.write([{ sql, args: [id] }])
      }
      return verdict
    }
    expect(await removable(T0 + YEAR_MS, T0 + 5_000)).toBe('last_admin_key')
    expect(await removable(T0 + YEAR_MS, T0 + WEEK_MS - 1)).toBe('last_admin_key')
    expect(await removable(T0 + YEAR_MS, T0 + WEEK_MS)).toBe('not refused')
    expect(await removable(T0 + 6_000, T0 + 5_999)).toBe('last_admin_key')
    expect(await removable(T0 + 6_000, T0 + 6_000)).toBe('not refused')
  })

  test(`of two callers who want the last two admin keys that last ${removed}, one is refused, whatever else works for a while`, async () => {
    for (let round = 0; round < 10; round++) {
      const pair = [await access.aKey({ scopes: ['admin'] }), await access.aKey({ scopes: ['admin'] })]
      await access.aKey({ scopes: ['admin'], expiresAt: T0 + WEEK_MS - 1 })
      const others = (await listKeys(access.database, { page: 0, size: 100 })).keys
      for (const { id, expiresAt } of others)
        if (expiresAt > T0 + WEEK_MS && !pair.some((key) => key.id === id)) await retireKey(access.database, id, act)
      const verdicts = await Promise.all(pair.map(({ id }) => reasonOf(() => remove(id))))
      expect(verdicts.sort()).toEqual(['last_admin_key', 'not refused'])
    }
  })

  test(`a key that administers nothing is ${removed} whether or not there is an admin key`, async () => {
    const plain = await access.aKey()
    expect(await reasonOf(() => remove(plain.id))).toBe('not refused')
    const expired = await access.aKey({ scopes: ['admin'], expiresAt: T0 })
    expect(await reasonOf(() => remove(expired.id))).toBe('not refused')
  })
}

test('an admin key that does not work, or soon will not, does not stand in for the last one', async () => {
  const last = await access.aKey({ scopes: ['admin'] })
  await access.aKey({ scopes: ['admin'], active: false })
  await access.aKey({ scopes: ['admin'], expiresAt: T0 })
  const ofDisabled = await access.aKey({ scopes: ['admin'] })
  await disableClient(access.database, ofDisabled.clientId, act)
  const retired = await access.aKey({ scopes: ['admin'] })
  await retireKey(access.database, retired.id, act)
  expect(await reasonOf(() => retireKey(access.database, last.id, act))).toBe('last_admin_key')
  const fresh = await rotateKey(access.database, last.id, { overlapMs: 60_000 }, act)
  expect(await reasonOf(() => retireKey(access.database, fresh.id, act))).toBe('last_admin_key')
  expect(await reasonOf(() => retireKey(access.database, last.id, act))).toBe('not refused')
})

test('disabling the client that holds every admin key is refused, whichever of its keys works', async () => {
  const one = await access.aKey({ scopes: ['admin'] })
  await access.aKey({ scopes: ['admin'], clientId: one.clientId })
  expect(await reasonOf(() => disableClient(access.database, one.clientId, act))).toBe('last_admin_key')
})

test('rotating gives a new key with the client and scopes of the old one, and retires the old one to the millisecond', async () => {
  const old = await access.aKey({ scopes: ['admin', 'queue:write'], expiresAt: T0 + YEAR_MS })
  const at = T0 + 1_000
  const fresh = await rotateKey(access.database, old.id, { overlapMs: 90_000 }, actAt(at))
  expect(fresh).toMatchObject({
    clientId: old.clientId,
    client: old.client,
    scopes: ['queue:write', 'admin'],
    createdAt: at,
    expiresAt: at + YEAR_MS,
    active: true,
    retiredAt: null,
  })
  expect(fresh.key).not.toBe(old.key)
  expect((await findKey(access.database, old.id)).retiredAt).toBe(at + 90_000)
  await rotateKey(access.database, old.id, { overlapMs: 900_000, expiresAt: at + 5 }, actAt(at))
  expect((await findKey(access.database, old.id)).retiredAt).toBe(at + 90_000)
})

test('the last admin key does not expire sooner by way of its successor, unless another one stays', async () => {
  const last = await access.aKey({ scopes: ['admin'], expiresAt: T0 + YEAR_MS })
  const rotate = (expiresAt: number) =>
    reasonOf(() => rotateKey(access.database, last.id, { overlapMs: 0, expiresAt }, act))
  const before = await acts()
  expect(await rotate(T0 + YEAR_MS - 1)).toBe('last_admin_key')
  expect([await acts(), (await findKey(access.database, last.id)).retiredAt]).toEqual([before, null])
  const staying = await access.aKey({ scopes: ['admin'] })
  expect(await rotate(T0 + 1)).toBe('not refused')
  const sole = (expiresAt: number) =>
    reasonOf(() => rotateKey(access.database, staying.id, { overlapMs: 0, expiresAt }, actAt(T0 + 1)))
  expect([await sole(T0 + YEAR_MS - 1), await sole(T0 + YEAR_MS)]).toEqual(['last_admin_key', 'not refused'])
  const plain = await access.aKey()
  expect(await reasonOf(() => rotateKey(access.database, plain.id, { overlapMs: 0, expiresAt: T0 + 1 }, act))).toBe(
    'not refused',
  )
})

test('a successor that expires sooner wants another admin key that lasts, overlap or not', async () => {
  const long = await access.aKey({ scopes: ['admin'] })
  const brief = await access.aKey({ scopes: ['admin'], expiresAt: T0 + 5_000 })
  for (const overlapMs of [0, WEEK_MS]) {
    const rotate = () => rotateKey(access.database, long.id, { overlapMs, expiresAt: T0 + 9_000 }, act)
    expect(await reasonOf(rotate)).toBe('last_admin_key')
  }
  expect(
    await reasonOf(() => rotateKey(access.database, brief.id, { overlapMs: 1_000, expiresAt: T0 + 2_000 }, act)),
  ).toBe('not refused')
})

test('a key in its overlap lasts to the end of that, so its successor may stay in its place', async () => {
  const old = await access.aKey({ scopes: ['admin'], expiresAt: T0 + 60_000 })
  const fresh = await rotateKey(access.database, old.id, { overlapMs: 10_000 }, actAt(T0 + 1_000))
  await rotateKey(access.database, fresh.id, { overlapMs: 30_000, expiresAt: T0 + 90_000 }, actAt(T0 + 1_000))
  expect(await reasonOf(() => retireKey(access.database, fresh.id, actAt(T0 + 1_000)))).toBe('not refused')
  expect(await reasonOf(() => retireKey(access.database, old.id, actAt(T0 + 1_000)))).toBe('not refused')
  expect(await reasonOf(() => retireKey(access.database, fresh.id + 1, actAt(T0 + 1_000)))).toBe('last_admin_key')
})

test('of a client disabled and a key of another retired at once, one is refused where they hold the last two admin keys', async () => {
  for (let round = 0; round < 10; round++) {
    const [one, other] = [await access.aKey({ scopes: ['admin'] }), await access.aKey({ scopes: ['admin'] })]
    const others = (await listKeys(access.database, { page: 0, size: 100 })).keys
    for (const { id } of others) if (id < one.id) await retireKey(access.database, id, act)
    const verdicts = await Promise.all([
      reasonOf(() => disableClient(access.database, one.clientId, act)),
      reasonOf(() => retireKey(access.database, other.id, act)),
    ])
    expect(verdicts.sort()).toEqual(['last_admin_key', 'not refused'])
  }
})

test('rotating a switched-off key gives a switched-off key', async () => {
  const old = await access.aKey({ active: false })
  expect((await rotateKey(access.database, old.id, { overlapMs: 0 }, act)).active).toBe(false)
})

test('a retired key never comes back', async () => {
  const { id, key } = await access.aKey()
  await retireKey(access.database, id, act)
  const later = actAt(T0 + 5)
  for (const attempt of [
    () => activateKey(access.database, id, later),
    () => deactivateKey(access.database, id, later),
    () => rotateKey(access.database, id, { overlapMs: 60_000 }, later),
  ]) {
    expect(await reasonOf(attempt)).toBe('key_retired')
  }
  expect((await retireKey(access.database, id, later)).retiredAt).toBe(T0)
  expect((await listKeys(access.database, { page: 0, size: 10 })).total).toBe(1)
  const keyring = createKeyring({ database: access.database, clock: access.clock, calendar })
  expect(await reasonOf(() => keyring.verify(key))).toBe('key_retired')
})

test('clients and keys that are not there are not found', async () => {
  const { database } = access
  for (const attempt of [
    () => findClient(database, 9),
    () => updateClient(database, 9, { name: 'x' }, act),
    () => disableClient(database, 9, act),
    () => enableClient(database, 9, act),
    () => access.aKey({ clientId: 9 }),
  ]) {
    expect(await reasonOf(attempt)).toBe('client_not_found')
  }
  for (const attempt of [
    () => findKey(database, 9),
    () => activateKey(database, 9, act),
    () => deactivateKey(database, 9, act),
    () => retireKey(database, 9, act),
    () => rotateKey(database, 9, { overlapMs: 0 }, act),
  ]) {
    expect(await reasonOf(attempt)).toBe('key_not_found')
  }
  expect(await acts()).toEqual([])
})

test('a second client of one name is refused and told which is there', async () => {
  const { database } = access
  const first = await createClient(database, { name: 'Agent', contact: null, access: 'own' }, act)
  const second = await createClient(database, { name: 'Other', contact: null, access: 'own' }, act)
  for (const attempt of [
    createClient(database, { name: 'Agent', contact: null, access: 'own' }, act),
    updateClient(database, second.id, { name: 'Agent' }, act),
  ]) {
    const refusal = await attempt.catch((error) => error)
    expect(refusal).toMatchObject({ reason: 'already_exists', details: { existing: { id: first.id } } })
  }
})

test('changing a client changes what is given and leaves the rest', async () => {
  const { database } = access
  const { id } = await createClient(database, { name: 'Agent', contact: 'a@b.example', access: 'own' }, act)
  expect(await updateClient(database, id, { access: 'all' }, act)).toMatchObject({
    name: 'Agent',
    contact: 'a@b.example',
    access: 'all',
  })
  expect(await updateClient(database, id, { contact: null, name: 'Agency' }, act)).toMatchObject({
    name: 'Agency',
    contact: null,
    access: 'all',
  })
})

test('every act is in the audit once, with who did it, when and from where; what changed nothing is not', async () => {
  const { database } = access
  const by = { at: T0 + 7, clientId: 3, keyId: 4, origin: '10.0.0.9' }
  const client = await createClient(database, { name: 'Agent', contact: null, access: 'own' }, by)
  const key = await access.aKey({ clientId: client.id })
  await deactivateKey(database, key.id, act)
  await activateKey(database, key.id, act)
  await rotateKey(database, key.id, { overlapMs: 5 }, act)
  await retireKey(database, key.id, act)
  await retireKey(database, key.id, act)
  await updateClient(database, client.id, { name: 'Agency' }, act)
  await disableClient(database, client.id, act)
  await disableClient(database, client.id, act)
  await enableClient(database, client.id, act)
  await enableClient(database, client.id, act)
  const { records } = await listAudit(database, everything)
  expect(records[0]).toEqual({ id: 1, ...by, action: 'client.created', subject: 'client 1' })
  expect(
    records.slice(1).every(({ clientId, keyId, origin }) => !clientId && !keyId && origin === 'command line'),
  ).toBe(true)
  expect(
    records
      .slice(1)
      .map(({ action, subject }) => `${action} ${subject}`)
      .reverse(),
  ).toEqual([
    'key.issued key 1',
    'key.deactivated key 1',
    'key.activated key 1',
    'key.issued key 2',
    'key.rotated key 1',
    'key.retired key 1',
    'client.changed client 1',
    'client.disabled client 1',
    'client.enabled client 1',
  ])
})

test('the audit is told for a range of instants, both included, newest first and by pages', async () => {
  const { database } = access
  for (const after of [0, 1, 2])
    await createClient(database, { name: `App ${after}`, contact: null, access: 'own' }, actAt(T0 + after))
  const { records, total } = await listAudit(database, { from: T0 + 1, to: T0 + 2, page: 0, size: 1 })
  expect([records.map(({ at }) => at), total]).toEqual([[T0 + 2], 2])
  expect((await listAudit(database, { from: T0 + 1, to: T0 + 2, page: 1, size: 1 })).records[0]?.at).toBe(T0 + 1)
})

test('clients and keys are listed by pages, keys also of one client', async () => {
  const one = await access.aKey()
  await access.aKey({ clientId: one.clientId })
  await access.aKey()
  expect((await listClients(access.database, { page: 1, size: 1 })).clients).toHaveLength(1)
  const { keys, total } = await listKeys(access.database, { clientId: one.clientId, page: 0, size: 1 })
  expect([keys.map(({ id }) => id), total]).toEqual([[2], 2])
  expect(JSON.stringify(keys)).not.toContain(one.key)
})

test('the bootstrap key is installed once, with every scope, for a client that sees everything', async () => {
  const key = mintKey()
  await installBootstrapKey(access.database, key, access.clock)
  const keyring = createKeyring({ database: access.database, clock: access.clock, calendar })
  const caller = await keyring.verify(key)
  expect(caller).toMatchObject({ access: 'all', scopes: [...scopes] })
  expect((await findClient(access.database, caller.clientId)).name).toBe('Bootstrap')
  await access.aKey({ scopes: ['admin'] })
  await retireKey(access.database, caller.keyId, act)
  await updateClient(access.database, caller.clientId, { name: 'Renamed' }, act)
  await installBootstrapKey(access.database, key, access.clock)
  expect(
    await reasonOf(() => createKeyring({ database: access.database, clock: access.clock, calendar }).verify(key)),
  ).toBe('key_retired')
  expect((await listClients(access.database, { page: 0, size: 10 })).total).toBe(2)
})

test('a second bootstrap key joins the client of the first', async () => {
  await installBootstrapKey(access.database, mintKey(), access.clock)
  await installBootstrapKey(access.database, mintKey(), access.clock)
  expect((await listClients(access.database, { page: 0, size: 10 })).total).toBe(1)
  expect((await listKeys(access.database, { page: 0, size: 10 })).total).toBe(2)
  expect(await acts()).toEqual(['client.created client 1', 'key.issued key 1', 'key.issued key 2'])
})

test('a bootstrap key that is no key stops the start with a sentence that does not show it', async () => {
  const wrong = `${mintKey()}x`
  const fault = await installBootstrapKey(access.database, wrong, access.clock).catch((error) => error)
  expect(fault.message).toContain('BOOTSTRAP_KEY')
  expect(fault.message).not.toContain(wrong)
})
