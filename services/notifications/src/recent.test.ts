import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { FramedEvent } from './framing'
import { createRecent, type Recent } from './recent'

let closing: AbortController
let recent: Recent
beforeEach(() => {
  closing = new AbortController()
  recent = createRecent(closing.signal, 100)
})
afterEach(() => closing.abort())

/** Events from one `seq` up to another, every second of them. */
const events = (from: number, upTo: number) =>
  Array.from({ length: (upTo - from) / 2 + 1 }, (_, index) => ({ event: { seq: from + 2 * index } }) as FramedEvent)

const seqs = (found: FramedEvent[] | null) => found?.map(({ event }) => event.seq) ?? null

test('it holds what is between two places, also where no event bears their number, and no more than is asked for', () => {
  recent.begin(10)
  recent.add(events(12, 20))
  expect(seqs(recent.between(10, 20, 100))).toEqual([12, 14, 16, 18, 20])
  expect(seqs(recent.between(13, 17, 100))).toEqual([14, 16])
  expect(seqs(recent.between(10, 20, 2))).toEqual([12, 14])
  expect(seqs(recent.between(20, 20, 100))).toEqual([])
})

test('it says so where it does not hold everything: what was before, what is not told yet, and what it had to let go of', () => {
  recent.begin(10)
  recent.add(events(12, 20))
  expect(recent.between(9, 20, 100)).toBeNull()
  expect(recent.between(10, 21, 100)).toBeNull()
  recent.add(events(22, 2 * 2000))
  expect(recent.after).toBe(2 * 1900)
  expect(recent.between(2 * 1900 - 1, 2 * 1950, 100)).toBeNull()
  expect(seqs(recent.between(2 * 1900, 2 * 2000, 1000))).toEqual(seqs(events(2 * 1901, 2 * 2000)))
  recent.begin(5000)
  expect(recent.between(2 * 1950, 5000, 100)).toBeNull()
})

test('what was before is held once it is given', () => {
  recent.begin(10)
  recent.add(events(12, 14))
  recent.reachBack(3, events(4, 10))
  expect(seqs(recent.between(3, 14, 100))).toEqual([4, 6, 8, 10, 12, 14])
  expect(recent.between(2, 14, 100)).toBeNull()
})

test('who waits for a place goes on when it is told, when the time is up, and when all ends', async () => {
  recent.begin(10)
  let went: string[] = []
  const told = recent.reaches(14, 60_000).then(() => went.push('told'))
  const late = recent.reaches(99, 20).then(() => went.push('late'))
  const ended = recent.reaches(99, 60_000).then(() => went.push('ended'))
  await recent.reaches(10, 60_000)
  recent.add(events(12, 12))
  await Bun.sleep(0)
  expect(went).toEqual([])
  recent.add(events(14, 14))
  await told
  await late
  expect(went).toEqual(['told', 'late'])
  went = []
  closing.abort()
  await ended
  expect(went).toEqual(['ended'])
})
