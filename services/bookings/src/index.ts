export { type BookingsDependencies, createBookings } from './app'
export { createKeptSessions } from './store/kept-sessions'
export { latestInstant } from './store/reads'
