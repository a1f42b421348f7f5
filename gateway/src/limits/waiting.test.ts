import { expect, test } from 'bun:test'
import type { Caller, Refusal } from '@channelling/contract'
import { createPlaces } from './places'
import { asksToWait, createWaiting, untilOver } from './waiting'

const callerOf = (clientId: number, keyId = clientId): Caller => ({ clientId, keyId, access: 'own', scopes: [] })
const none = { perKey: 0, perAddress: 0 }

/** Lets one in, or says why not. */
function waitingAt(limits: { perKey: number; perAddress: number }, atOnceMax?: number) {
  const waiting = createWaiting({ places: createPlaces(limits), atOnceMax })
  return (caller: Caller, address = '10.0.0.1'): (() => void) | string => {
    try {
      return waiting.begin(caller, address)
    } catch (error) {
      return (error as Refusal).reason
    }
  }
}

/** How many are let in one after the other, and what the next is told. */
function taken(begin: ReturnType<typeof waitingAt>, caller: Caller): string {
  for (let count = 0; ; count++) {
    const begun = begin(caller)
    if (typeof begun === 'string') return `${count}, then ${begun}`
  }
}

test('whoever comes finds a place, however many the others took before: none takes more than are left', () => {
  const begin = waitingAt(none, 32)
  expect(taken(begin, callerOf(1))).toBe('16, then rate_limited')
  // another key of the same client changes nothing
  expect(taken(begin, callerOf(1, 99))).toBe('0, then rate_limited')
  expect(taken(begin, callerOf(2))).toBe('8, then rate_limited')
  expect(taken(begin, callerOf(3))).toBe('4, then rate_limited')
  expect(taken(begin, callerOf(4))).toBe('2, then rate_limited')
  expect(taken(begin, callerOf(5))).toBe('1, then rate_limited')
  expect(taken(begin, callerOf(6))).toBe('1, then overloaded')
})

test('a place is free again when what held it is over, and once only', () => {
  const begin = waitingAt(none, 2)
  const end = begin(callerOf(1)) as () => void
  expect(begin(callerOf(1))).toBe('rate_limited')
  const other = begin(callerOf(2)) as () => void
  expect(begin(callerOf(3))).toBe('overloaded')
  end()
  end()
  expect(begin(callerOf(3))).toBeFunction()
  expect(begin(callerOf(4))).toBe('overloaded')
  other()
  expect(begin(callerOf(4))).toBeFunction()
})

test('a key, and an address, has as many as it may have sockets; where there is no other limit, nobody is counted together', () => {
  expect(taken(waitingAt({ perKey: 3, perAddress: 0 }), callerOf(1))).toBe('3, then rate_limited')
  const begin = waitingAt({ perKey: 3, perAddress: 4 })
  for (const key of [1, 1, 2, 2]) expect(begin(callerOf(key))).toBeFunction()
  expect(begin(callerOf(3))).toBe('rate_limited')
  const end = begin(callerOf(3), '10.0.0.2') as () => void
  end()
  expect(begin(callerOf(2), '10.0.0.2')).toBeFunction()
  expect(begin(callerOf(2), '10.0.0.2')).toBe('rate_limited')
})

test('who asks to wait is known by it, in whatever letters', () => {
  for (const query of ['?wait=5', '?from=a:1&wait=5', '?%77ait=5', '?w%61it=5']) {
    expect([query, asksToWait(query, undefined)]).toEqual([query, true])
  }
  expect(asksToWait('', 'text/html, Text/Event-Stream')).toBe(true)
  expect(asksToWait('?from=wait', 'application/json')).toBe(false)
})

test('an answer that does not end holds its place until it ends, or nobody reads it any more', async () => {
  const streams = () => {
    let ended = 0
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const response = untilOver(
      new Response(readable, { headers: { 'content-type': 'text/event-stream' } }),
      () => void ended++,
    )
    return { response, writer: writable.getWriter(), ended: () => ended }
  }
  const [whole, broken] = [streams(), streams()]
  void whole.writer.write(new TextEncoder().encode('data: 1'))
  const reading = whole.response.text()
  await Bun.sleep(1)
  expect(whole.ended()).toBe(0)
  await whole.writer.close()
  expect([await reading, whole.ended()]).toEqual(['data: 1', 1])
  await broken.response.body!.cancel()
  expect(broken.ended()).toBe(1)
  let ended = 0
  const answer = untilOver(Response.json({}), () => void ended++)
  expect([await answer.json(), ended]).toEqual([{}, 1])
})
