export { affinityOf } from './affinity'
export { passOn } from './answer'
export { type RemoteOptions, type RemoteService, remote, unavailable } from './remote'
export { OPEN_MS_MAX, openSocket, type ServiceSocket } from './socket'

/**
 * Requests under way to a service at a time, its replicas together. Bun has 256 connections out at a time, whomever they go to: a service
 * that hangs must leave enough of them to the others, so all of these and those that wait are fewer. Bookings have most: what comes
 * together is saved together.
 */
export const AT_ONCE_MAX = { catalogue: 40, bookings: 96, patients: 40, notifications: 40 } as const

/** Requests beside them that wait for something to happen, at all replicas together; who has more to hear of opens a socket. */
export const WAITING_MAX = 32
