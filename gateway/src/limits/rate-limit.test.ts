import { expect, test } from 'bun:test'
import { type Caller, Refusal } from '@channelling/contract'
import { createFailedAttempts, networkOf } from './failed-attempts'
import { MinuteWindow } from './minute-window'
import { createRateLimiter } from './rate-limit'

const callerOf = (keyId: number): Caller => ({ clientId: 1, keyId, access: 'own', scopes: [] })

/** A key's requests at the instants given: which are let in, by a limiter of so many writes a minute. */
function driven(limit: number) {
  let now = 0
  const limiter = createRateLimiter({ reads: 0, writes: limit }, () => now)
  const attempt = (at: number): number | null => {
    now = at
    try {
      limiter.quotaOf(callerOf(1), 'POST')!.take()
      return null
    } catch (error) {
      return (error as Refusal).details.retryAfterSeconds!
    }
  }
  return { attempt, limiter }
}

/** Numbers that look random and are the same each time. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('in no minute, wherever it begins, more requests are let in than the limit', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = chance(seed)
    const limit = 1 + Math.floor(next() * 50)
    const { attempt } = driven(limit)
    const letIn: number[] = []
    let now = next() * 1e6
    for (let request = 0; request < 4_000; request++) {
      // bursts, drips and pauses
      now += next() < 0.7 ? next() * 20 : next() < 0.9 ? next() * 3_000 : next() * 70_000
      const refusedFor = attempt(now)
      const before = letIn.filter((at) => now - at < 60_000).length
      if (refusedFor === null) {
        expect(before).toBeLessThan(limit)
        letIn.push(now)
      } else {
        // never refused for what is a minute and a slot old
        expect(letIn.filter((at) => now - at < 61_000).length).toBeGreaterThanOrEqual(limit)
        expect(refusedFor).toBeGreaterThanOrEqual(1)
        expect(refusedFor).toBeLessThanOrEqual(60)
      }
    }
  }
})

test('whoever waits for as long as Retry-After says is let in', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = chance(seed)
    const { attempt } = driven(1 + Math.floor(next() * 20))
    let now = 0
    for (let request = 0; request < 500; request++) {
      now += next() * 2_000
      const refusedFor = attempt(now)
      if (refusedFor === null) continue
      now += refusedFor * 1_000
      expect(attempt(now)).toBeNull()
    }
  }
})

test('what is spaced by a second or more comes back to the millisecond', () => {
  const { attempt } = driven(2)
  expect([attempt(0), attempt(1_000), attempt(59_999), attempt(60_000), attempt(60_999), attempt(61_000)]).toEqual([
    null,
    null,
    1,
    null,
    1,
    null,
  ])
})

test('a window counts at most a slot too long, never too short, whatever it is driven with', () => {
  for (const slots of [1, 6, 60]) {
    const next = chance(slots)
    const window = new MinuteWindow(slots)
    const happened: number[] = []
    let now = 0
    for (let step = 0; step < 5_000; step++) {
      now += next() < 0.98 ? next() * 1_500 : next() * 200_000
      if (next() < 0.8) {
        window.add(now)
        happened.push(now)
      }
      const within = (ms: number) => happened.filter((at) => now - at < ms).length
      expect(window.countAt(now)).toBeGreaterThanOrEqual(within(60_000))
      expect(window.countAt(now)).toBeLessThanOrEqual(within(60_000 + 60_000 / slots))
    }
  }
})

test('reads and writes are counted apart, and so are keys; a limit of 0 is none', () => {
  const limiter = createRateLimiter({ reads: 2, writes: 1 }, () => 0)
  const take = (key: number, method: string) => limiter.quotaOf(callerOf(key), method)!.take()
  for (const key of [1, 2]) {
    take(key, 'GET')
    take(key, 'HEAD')
    for (const method of ['GET', 'HEAD']) expect(() => take(key, method)).toThrow('2 reads a minute')
    take(key, 'PUT')
    for (const method of ['POST', 'DELETE']) expect(() => take(key, method)).toThrow('1 writes a minute')
  }
  const open = createRateLimiter({ reads: 0, writes: 0 })
  expect([open.quotaOf(callerOf(1), 'GET'), open.quotaOf(callerOf(1), 'PUT')]).toEqual([undefined, undefined])
})

test('the headers tell the limit, what is left, and when there is more', () => {
  let now = 0
  const quota = createRateLimiter({ reads: 3, writes: 0 }, () => now).quotaOf(callerOf(1), 'GET')!
  const told = () => {
    const headers = new Headers()
    quota.tell(headers)
    return ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'].map((name) => headers.get(name))
  }
  expect(told()).toEqual(['3', '3', '0'])
  quota.take()
  expect(told()).toEqual(['3', '2', '60'])
  now = 10_500
  quota.take()
  quota.take()
  expect(told()).toEqual(['3', '0', '50'])
  now = 60_000
  expect(told()).toEqual(['3', '1', '11'])
})

test('keys that rest are forgotten, keys that do not are not', () => {
  let now = 0
  const limiter = createRateLimiter({ reads: 5, writes: 0 }, () => now)
  for (let key = 1; key <= 50_000; key++) {
    now += 100
    limiter.quotaOf(callerOf(key), 'GET')!.take()
    if (key > 100) limiter.quotaOf(callerOf(1), 'GET')
  }
  // 600 keys a minute
  expect(limiter.size()).toBeLessThan(2_100)
  const busy = limiter.quotaOf(callerOf(50_000), 'GET')!
  const told = new Headers()
  busy.tell(told)
  expect(told.get('ratelimit-remaining')).toBe('4')
})

const failure = new Refusal('key_unknown', 'This key was never issued')

test('an address that fails too often is told so until its attempts are a minute old, and others are not', () => {
  let now = 0
  const failed = createFailedAttempts(3, () => now)
  const judged = (address: string) => failed.judge(failure, () => address) as Refusal
  expect(Array.from({ length: 5 }, () => judged('10.0.0.1').reason)).toEqual([
    'key_unknown',
    'key_unknown',
    'key_unknown',
    'rate_limited',
    'rate_limited',
  ])
  expect(judged('10.0.0.2')).toBe(failure)
  now = 25_000
  expect(judged('10.0.0.1').details.retryAfterSeconds).toBe(35)
  now = 60_000
  expect(judged('10.0.0.1')).toBe(failure)
})

test('nothing but failed keys and tickets is counted or refused', () => {
  const failed = createFailedAttempts(1, () => 0)
  const judge = (error: unknown) => failed.judge(error, () => '10.0.0.1')
  const others = [
    new Error('a fault'),
    new Refusal('key_missing', ''),
    new Refusal('key_ambiguous', ''),
    new Refusal('service_unavailable', ''),
    new Refusal('scope_missing', ''),
  ]
  for (const error of others) expect(judge(error)).toBe(error)
  expect(failed.size()).toBe(0)
  expect(judge(failure)).toBe(failure)
  for (const reason of ['key_unknown', 'key_expired', 'key_retired', 'key_inactive', 'ticket_invalid'] as const) {
    expect(judge(new Refusal(reason, ''))).toMatchObject({ reason: 'rate_limited' })
  }
  for (const error of others) expect(judge(error)).toBe(error)
  const open = createFailedAttempts(0)
  for (let time = 0; time < 5; time++) expect(open.judge(failure, () => '10.0.0.1')).toBe(failure)
})

test('of however many addresses a bounded number is kept, those that failed last', () => {
  const failed = createFailedAttempts(1, () => 0)
  const judge = (address: string) => failed.judge(failure, () => address)
  judge('192.0.2.1')
  for (let one = 0; one < 30_000; one++) {
    judge(`10.${one >> 16}.${(one >> 8) & 255}.${one & 255}`)
    if (one % 5_000 === 0) expect(judge('192.0.2.1')).toMatchObject({ reason: 'rate_limited' })
  }
  expect(failed.size()).toBe(10_000)
})

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
