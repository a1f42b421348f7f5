import { expect, test } from 'bun:test'
import type { Booking } from './booking'
import { noHolds } from './holds'
import { addBooking, noChanges, putBooking, type World } from './world'

const aBooking: Booking = {
  id: 7,
  sessionId: 1,
  number: 1,
  status: 'ACTIVE',
  patientId: 1,
  clientId: 1,
  paymentMethod: 'OnCall',
  paymentReference: null,
  paid: false,
  foreigner: false,
  doctorFee: 0,
  hospitalFee: 0,
  currency: 'LKR',
  reference: null,
  itemId: null,
  createdAt: 0,
  expiresAt: null,
  cancelledAt: null,
  cancelReason: null,
}

const aWorld = (bookings: Booking[]): World => ({
  sessions: new Map(),
  bookings: new Map(bookings.map((booking) => [booking.id, booking])),
  patients: new Map(),
  references: new Set(),
  numbersTaken: new Map(),
  holds: noHolds(),
  answers: new Map(),
  nextId: 7,
  changes: noChanges(),
})

test('a new booking is never saved over one that is there, even under its id', () => {
  const world = aWorld([aBooking])
  addBooking(world, { ...aBooking, number: 2 })
  expect([...world.changes.created]).toEqual([7])
  expect([...world.changes.updated]).toEqual([])
})

test('what becomes of a booking within the group that makes it is part of its making', () => {
  const world = aWorld([])
  addBooking(world, aBooking)
  putBooking(world, { ...aBooking, status: 'PATIENT_CANCELED' })
  expect([...world.changes.created]).toEqual([7])
  expect([...world.changes.updated]).toEqual([])
  expect(world.bookings.get(7)?.status).toBe('PATIENT_CANCELED')
})
