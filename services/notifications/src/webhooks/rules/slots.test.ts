import { expect, test } from 'bun:test'
import { mayBegin, OF_ALL_MAX, OF_ONE_MAX } from './slots'

/** Begins whatever may begin, one of each webhook in turn, none ever ending. */
function fill(webhooks: { failing: boolean }[]): number[] {
  const own = webhooks.map(() => 0)
  for (let begun = true; begun; ) {
    begun = false
    for (const [index, { failing }] of webhooks.entries()) {
      const ofAll = own.reduce((sum, count) => sum + count, 0)
      const ofFailing = own.reduce((sum, count, at) => sum + (webhooks[at]!.failing ? count : 0), 0)
      if (!mayBegin({ own: own[index]!, ofAll, ofFailing }, failing)) continue
      own[index]!++
      begun = true
    }
  }
  return own
}

test('one webhook alone has its share, and one that fails has one at a time', () => {
  expect(fill([{ failing: false }])).toEqual([OF_ONE_MAX])
  expect(fill([{ failing: true }])).toEqual([1])
})

test('however many hang and fail, there is room for those that do not', () => {
  const own = fill([
    ...Array.from({ length: 500 }, () => ({ failing: true })),
    ...Array.from({ length: 40 }, () => ({ failing: false })),
  ])
  expect(own.slice(500).every((count) => count >= 1)).toBe(true)
  expect(own.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(OF_ALL_MAX)
})

test('those that have some under way leave room for those that have none', () => {
  const own = fill(Array.from({ length: 60 }, () => ({ failing: false })))
  expect(own.every((count) => count >= 1)).toBe(true)
})
