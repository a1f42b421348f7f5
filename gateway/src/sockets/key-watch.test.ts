import { afterEach, expect, test } from 'bun:test'
import type { Standing } from '@channelling/access'
import { type Caller, Refusal } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { createPlaces } from '../limits/places'
import { watchKeys } from './key-watch'
import { createOpenSockets } from './open-sockets'

const caller: Caller = { clientId: 1, keyId: 1, access: 'own', scopes: ['notifications:read'] }

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** An open socket of key 1, and a keyring that says of the key what it is told to. */
function aWatchedSocket(standing: () => Standing | Promise<Standing>, everyMs = 5) {
  const sockets = createOpenSockets(createPlaces({ perKey: 0, perAddress: 0 }))
  const closed = Promise.withResolvers<string>()
  const events = sockets.counted({ caller, address: '10.0.0.1' }, {})
  const socket = {
    close(code: number, reason: string) {
      events.close(socket, code, reason)
      closed.resolve(`${code} ${reason}`)
    },
  }
  let change = () => {}
  let reviews = 0
  const watch = watchKeys({
    keyring: {
      onChange(listener) {
        change = listener
      },
      async review(keyIds) {
        reviews++
        return new Map([[keyIds[0]!, await standing()]])
      },
    },
    sockets,
    clock: Date.now,
    log: createLog('silent', 'test'),
    everyMs,
  })
  ends.push(() => watch.close())
  events.open(socket)
  return { sockets, closed: closed.promise, change: () => change(), reviews: () => reviews }
}

const good = (over: Partial<Caller> = {}, until = Number.POSITIVE_INFINITY): Standing => ({
  caller: { ...caller, ...over },
  until,
})
const refused = (): Standing => ({ refusal: new Refusal('key_retired', 'This key was retired') })

test('a change that nobody told of is found by looking again', async () => {
  let standing = good()
  const { sockets, closed } = aWatchedSocket(() => standing)
  await Bun.sleep(20)
  expect(sockets.count()).toBe(1)
  standing = refused()
  expect(await closed).toBe('4401 key_retired')
  expect(sockets.count()).toBe(0)
})

test('a key that lost the scope is told so', async () => {
  const { closed } = aWatchedSocket(() => good({ scopes: ['bookings:read'] }))
  expect(await closed).toBe('4401 scope_missing')
})

test('it looks at the instant at which a key ends, rather than a while after', async () => {
  const until = Date.now() + 50
  const { closed, change } = aWatchedSocket(() => (Date.now() >= until ? refused() : good({}, until)), 60_000)
  change()
  await closed
  expect(Date.now()).toBeGreaterThanOrEqual(until)
})

test('a change that comes while the keys are being read is not missed', async () => {
  let answer = Promise.withResolvers<Standing>()
  const { closed, change, reviews } = aWatchedSocket(() => answer.promise, 60_000)
  change()
  change()
  const first = answer
  answer = Promise.withResolvers()
  answer.resolve(refused())
  first.resolve(good())
  expect(await closed).toBe('4401 key_retired')
  expect(reviews()).toBe(2)
})

test('while the keys cannot be read sockets stay open, and are judged when they can', async () => {
  let standing = (): Standing => {
    throw new Error('The database is away')
  }
  const { sockets, closed, reviews } = aWatchedSocket(() => standing())
  while (reviews() < 3) await Bun.sleep(1)
  expect(sockets.count()).toBe(1)
  standing = refused
  expect(await closed).toBe('4401 key_retired')
})
