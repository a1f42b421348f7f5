/**
 * What it costs to know who calls: CPU time of the key check, the limit and the identity that a service is sent and checks, for one request.
 * In one process, without a network: `bun tests/bench/door.ts`. Wants an otherwise idle machine.
 */
import { createKeyring } from '@channelling/access'
import type { Caller } from '@channelling/contract'
import { signIdentity, verifyIdentity } from '@channelling/http'
import { createAuthentication } from '../../gateway/src/authentication'
import { createFailedAttempts } from '../../gateway/src/limits/failed-attempts'
import { createRateLimiter } from '../../gateway/src/limits/rate-limit'
import { calendar, startAccess } from '../../libs/access/src/testing'
import { median } from './wrk'

const KEYS = 1000
const REQUESTS = 100_000
const ROUNDS = 5

const access = await startAccess()
const keyring = createKeyring({ ...access, calendar, onFault: () => {} })
const authenticate = createAuthentication(keyring, createFailedAttempts(30))
const limiter = createRateLimiter({ reads: 1_000_000_000, writes: 1_000_000_000 })
const secret = 'a secret between processes, for measuring only'
const target = { method: 'POST', path: '/api/channel/bookings' }

const requests: Headers[] = []
for (let count = 0; count < KEYS; count++) {
  const { key } = await access.aKey({ scopes: ['bookings:read', 'bookings:write'] })
  requests.push(new Headers({ finance: key, 'content-type': 'application/json', host: 'localhost' }))
}
const answer = new Headers()
const address = () => '127.0.0.1'
// one after the other: from one address few that were never met are looked up at once
const callers: Caller[] = []
for (const headers of requests) callers.push(await authenticate(headers, address))

const keyCheck = (index: number) => authenticate(requests[index]!, address)
const limit = (index: number) => {
  const quota = limiter.quotaOf(callers[index]!, target.method)!
  quota.take()
  quota.tell(answer)
}
const identity = (index: number) => {
  const now = Date.now()
  verifyIdentity(secret, signIdentity(secret, callers[index]!, target, now), target, now)
}

/** CPU time, of all threads, in µs a request. */
function cpuUs(work: (index: number) => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    for (let count = 0; count < REQUESTS; count++) work(count % KEYS)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / REQUESTS
  })
  return median(rounds)
}

const together = (index: number) => {
  keyCheck(index)
  limit(index)
  identity(index)
}
for (const [name, work] of Object.entries({
  'key check': keyCheck,
  limit,
  'identity, signed and checked': identity,
  together,
})) {
  console.log(name.padEnd(30), `${cpuUs(work).toFixed(2)} µs`)
}
await keyring.close()
await access.close()
