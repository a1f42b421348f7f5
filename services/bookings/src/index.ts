export { type BookingsDependencies, createBookings } from './app'
export { createEngineMetrics } from './metrics'
export { createKeptSessions } from './store/kept-sessions'
export { latestInstant } from './store/reads'
