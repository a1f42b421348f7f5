export { type BookingsDependencies, createBookings } from './app'
export { latestInstant } from './store/reads'
