import { expect, test } from 'bun:test'
import type { Caller } from '@channelling/contract'
import { identitySigner, identityVerifier, verifyIdentity } from './identity'

const SECRET = 'a secret for tests only'
const VALID_MS = 30_000
const caller: Caller = { clientId: 3, keyId: 4, access: 'own', scopes: ['bookings:write'] }
const request = { method: 'POST', path: '/api/channel/bookings' }
const outcome = (verify: () => Caller) => {
  try {
    return verify()
  } catch (error) {
    return (error as { reason: string }).reason
  }
}

test('what a caller asks again within a second is signed once, and is his alone, for that request', () => {
  const sign = identitySigner(SECRET)
  const first = sign(caller, request, 5_000)
  expect(sign(caller, request, 5_999)).toBe(first)
  const others = [
    sign(caller, request, 6_000),
    sign(caller, { ...request, method: 'GET' }, 6_000),
    sign(caller, { ...request, path: '/api/patients' }, 6_000),
    sign({ ...caller, access: 'all' }, request, 6_000),
  ]
  expect(new Set([first, ...others]).size).toBe(5)
  expect(verifyIdentity(SECRET, others[3]!, request, 6_000)).toEqual({ ...caller, access: 'all' })
  for (let path = 0; path < 3_000; path++) sign(caller, { ...request, path: `/${path}` }, 6_500)
  expect(verifyIdentity(SECRET, sign(caller, request, 6_500), request, 6_500)).toEqual(caller)
})

test('what was believed once is believed for the same request and as long as it is valid, and for nothing else', () => {
  const identity = identitySigner(SECRET)(caller, request, 5_000)
  const verify = identityVerifier(SECRET)
  const at = (now: number, to = request, header: string | null = identity) => outcome(() => verify(header, to, now))
  expect(at(5_000)).toEqual(caller)
  expect(at(5_000 + VALID_MS)).toEqual(caller)
  expect(at(5_001 + VALID_MS)).toBe('identity_invalid')
  expect(at(5_000, { ...request, method: 'PUT' })).toBe('identity_invalid')
  expect(at(5_000, { ...request, path: '/api/channel/bookings/7' })).toBe('identity_invalid')
  expect(at(5_000, request, `${identity}A`)).toBe('identity_invalid')
  expect(at(5_000, request, null)).toBe('identity_invalid')
  // neither is what was not believed
  expect(at(5_000, { ...request, path: '/api/channel/bookings/7' })).toBe('identity_invalid')
})
