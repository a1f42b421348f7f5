export { type BookingsDependencies, createBookings } from './app'
