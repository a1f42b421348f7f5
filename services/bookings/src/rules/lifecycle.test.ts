import { describe, expect, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { type Booking, type BookingStatus, bookingStatuses } from './booking'
import { cancelBooking, completeBooking, holdRanOut, maySee, moveBooking, requireMovable, statusAt } from './lifecycle'

const NOW = 1_800_000_000_000

const aBooking = (given: Partial<Booking> = {}): Booking => ({
  id: 1,
  sessionId: 12,
  number: 4,
  status: 'ACTIVE',
  patientId: 7,
  clientId: 3,
  paymentMethod: 'OnCall',
  paymentReference: null,
  paid: false,
  foreigner: false,
  doctorFee: 200_000,
  hospitalFee: 50_000,
  currency: 'LKR',
  reference: null,
  itemId: null,
  createdAt: NOW - 1000,
  expiresAt: null,
  cancelledAt: null,
  cancelReason: null,
  ...given,
})

const held = (expiresAt: number) => aBooking({ status: 'PENDING', expiresAt })

function reasonOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
  return 'done'
}

test('a hold is kept until the instant it runs out, and at that instant it is over', () => {
  expect(holdRanOut(held(NOW), NOW - 1)).toBe(false)
  expect(holdRanOut(held(NOW), NOW)).toBe(true)
  expect(statusAt(held(NOW), NOW - 1)).toBe('PENDING')
  expect(statusAt(held(NOW), NOW)).toBe('EXPIRED')
})

test('only a living hold is completed', () => {
  expect(completeBooking(held(NOW + 1), { method: 'Card', reference: 'T-1' }, NOW)).toMatchObject({
    status: 'ACTIVE',
    paymentMethod: 'Card',
    paymentReference: 'T-1',
    paid: true,
    expiresAt: null,
  })
  expect(reasonOf(() => completeBooking(held(NOW), {}, NOW))).toBe('booking_expired')
  expect(reasonOf(() => completeBooking(aBooking(), {}, NOW))).toBe('booking_not_active')
})

test('a hold completed without payment stays unpaid', () => {
  expect(completeBooking(held(NOW + 1), {}, NOW)).toMatchObject({ paymentMethod: 'OnCall', paid: false })
})

describe('cancelling and moving', () => {
  const open: BookingStatus[] = ['ACTIVE']
  for (const status of bookingStatuses.filter((known) => known !== 'PENDING')) {
    const expected = open.includes(status) ? 'done' : status === 'EXPIRED' ? 'booking_expired' : 'booking_not_active'
    test(`a booking that is ${status}: ${expected}`, () => {
      const booking = aBooking({ status })
      expect(reasonOf(() => cancelBooking(booking, 'patient', null, NOW))).toBe(expected)
      expect(reasonOf(() => requireMovable(booking, 99, NOW))).toBe(expected)
    })
  }

  test('a living hold may be given up and moved, one that ran out may not', () => {
    expect(reasonOf(() => cancelBooking(held(NOW + 1), 'patient', null, NOW))).toBe('done')
    expect(reasonOf(() => requireMovable(held(NOW + 1), 99, NOW))).toBe('done')
    expect(reasonOf(() => cancelBooking(held(NOW), 'patient', null, NOW))).toBe('booking_expired')
    expect(reasonOf(() => requireMovable(held(NOW), 99, NOW))).toBe('booking_expired')
  })

  test('who gave it up shows in the status', () => {
    expect(cancelBooking(aBooking(), 'patient', 'ill', NOW)).toMatchObject({
      status: 'PATIENT_CANCELED',
      cancelledAt: NOW,
      cancelReason: 'ill',
    })
    expect(cancelBooking(aBooking(), 'hospital', null, NOW).status).toBe('DOCTOR_CANCELED')
  })

  test('a booking moves to another session, not to its own, and takes that one’s fee', () => {
    expect(reasonOf(() => requireMovable(aBooking(), 12, NOW))).toBe('same_session')
    const moved = moveBooking(
      aBooking(),
      { sessionId: 13, number: 2, fee: { doctor: 1, hospital: 2 }, currency: 'USD' },
      NOW,
    )
    expect(moved).toMatchObject({ id: 1, sessionId: 13, number: 2, doctorFee: 1, hospitalFee: 2, currency: 'USD' })
  })
})

test('a client of access `own` sees its own bookings, one of `all` every one', () => {
  const caller = { keyId: 1, scopes: [] }
  expect(maySee(aBooking(), { ...caller, clientId: 3, access: 'own' })).toBe(true)
  expect(maySee(aBooking(), { ...caller, clientId: 4, access: 'own' })).toBe(false)
  expect(maySee(aBooking(), { ...caller, clientId: 4, access: 'all' })).toBe(true)
})
