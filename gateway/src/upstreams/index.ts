export { affinityOf } from './affinity'
export { type RemoteOptions, type RemoteService, remote, unavailable } from './remote'

/**
 * Requests under way to one service at a time, its replicas together. Bun has 256 connections out at a time, whomever they go to:
 * a service that hangs must leave enough of them to the others and to the database.
 */
export const AT_ONCE_MAX = 48

/** Requests beside them that wait for something to happen; who has more to hear of opens a socket. */
export const WAITING_MAX = 32
