import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isFull, nextFreeNumber, releaseNumber, type Seats, takeNumber } from './numbering'

const none: ReadonlySet<number> = new Set()
const fresh = (given: Partial<Seats> = {}): Seats => ({ capacity: 0, taken: 0, nextNumber: 1, released: [], ...given })

test('numbers are given in order', () => {
  const first = takeNumber(fresh(), none)
  const second = takeNumber(first.seats, none)
  expect([first.number, second.number]).toEqual([1, 2])
  expect(second.seats).toEqual({ capacity: 0, taken: 2, nextNumber: 3, released: [] })
})

test('reserved numbers are passed over, several in a row too', () => {
  const reserved = new Set([2, 3, 5])
  const { seats } = takeNumber(fresh(), reserved)
  expect(nextFreeNumber(seats)).toBe(4)
  expect(nextFreeNumber(takeNumber(seats, reserved).seats)).toBe(6)
})

test('a number given back is the next one given, the lowest first', () => {
  let seats = fresh({ taken: 5, nextNumber: 6 })
  for (const number of [4, 2, 3]) seats = releaseNumber(seats, number, none)
  expect(seats.released).toEqual([2, 3, 4])
  expect(takeNumber(seats, none)).toEqual({ number: 2, seats: { ...seats, taken: 3, released: [3, 4] } })
})

test('a reserved number that comes back stays reserved', () => {
  const seats = releaseNumber(fresh({ taken: 3, nextNumber: 4 }), 2, new Set([2]))
  expect(seats).toEqual(fresh({ taken: 2, nextNumber: 4 }))
})

test('a session is full at its capacity, an unlimited one never', () => {
  expect(isFull(fresh({ capacity: 2, taken: 1 }))).toBe(false)
  expect(isFull(fresh({ capacity: 2, taken: 2 }))).toBe(true)
  expect(isFull(fresh({ capacity: 0, taken: 1_000_000 }))).toBe(false)
})

test('whatever is taken and given back, the number given is the lowest that is neither living nor reserved', () => {
  const steps = fc.array(fc.oneof(fc.constant('take' as const), fc.nat()), { maxLength: 60 })
  const reservations = fc.uniqueArray(fc.integer({ min: 1, max: 20 }))
  fc.assert(
    fc.property(steps, reservations, fc.integer({ min: 1, max: 10 }), (history, reservedList, start) => {
      const reserved = new Set(reservedList)
      const lowestFree = (living: Set<number>) => {
        let number = start
        while (living.has(number) || reserved.has(number)) number++
        return number
      }
      const living = new Set<number>()
      let seats = fresh({ nextNumber: lowestFree(living) })
      for (const step of history) {
        if (step === 'take') {
          const taken = takeNumber(seats, reserved)
          expect(taken.number).toBe(lowestFree(living))
          living.add(taken.number)
          seats = taken.seats
        } else if (living.size > 0) {
          const number = [...living][step % living.size]!
          living.delete(number)
          seats = releaseNumber(seats, number, reserved)
        }
        expect(seats.taken).toBe(living.size)
        expect(nextFreeNumber(seats)).toBe(lowestFree(living))
      }
    }),
  )
})
