import { expect, test } from 'bun:test'
import { createReadyCheck } from './health'
import type { Outgoing } from './upstream'

/** A service that answers when it is told to. */
function aService() {
  const asked: PromiseWithResolvers<Response>[] = []
  const send = (_: Outgoing) => {
    asked.push(Promise.withResolvers<Response>())
    return asked.at(-1)!.promise
  }
  return { service: { name: 'bookings', send }, asked }
}

test('whether a service is ready is asked once at a time, however many want to know', async () => {
  const isReady = createReadyCheck()
  const { service, asked } = aService()
  const other = aService()
  const told = Array.from({ length: 100 }, () => isReady(service))
  const ofOther = isReady(other.service)
  expect([asked.length, other.asked.length]).toEqual([1, 1])
  asked[0]!.resolve(new Response())
  other.asked[0]!.resolve(new Response(null, { status: 503 }))
  expect(new Set(await Promise.all(told))).toEqual(new Set([true]))
  expect(await ofOther).toBe(false)
  const again = isReady(service)
  expect(asked).toHaveLength(2)
  asked[1]!.reject(new Error('gone'))
  expect(await again).toBe(false)
})

test('a service that does not say soon that it is ready is not, and is not asked anew before it has answered', async () => {
  const isReady = createReadyCheck()
  const { service, asked } = aService()
  for (const _ of [1, 2]) {
    const began = performance.now()
    expect(await Promise.all([isReady(service), isReady(service)])).toEqual([false, false])
    expect(performance.now() - began).toBeLessThan(1_500)
  }
  expect(asked).toHaveLength(1)
  const late = isReady(service)
  asked[0]!.resolve(new Response())
  expect(await late).toBe(true)
})
