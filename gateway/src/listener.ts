import type { Settings } from '@channelling/settings'
import { readTls } from './tls'

/** The listener answers what is larger by itself, without the envelope; the gateway refuses what is over 64 KiB long before. */
const BODY_BYTES_MAX = 1024 ** 4

/**
 * How long a connection may keep the server waiting, in seconds: between requests, and for a body. A few bytes now and then do not
 * begin the time anew. For the head of a request the listener has a limit of its own, about 12 seconds.
 */
export const IDLE_SECONDS_MAX = 30

type Listening = Pick<Settings, 'HOST' | 'PORT' | 'TLS_CERT' | 'TLS_KEY'>

/**
 * How the gateway listens.
 * @throws StartFault when the certificate or its key cannot be used
 */
export const listenerOptions = ({ HOST, PORT, TLS_CERT, TLS_KEY }: Listening) => ({
  hostname: HOST,
  port: PORT,
  maxRequestBodySize: BODY_BYTES_MAX,
  idleTimeout: IDLE_SECONDS_MAX,
  // Elysia shares a port by default; a second server on it must fail instead
  reusePort: false,
  ...(TLS_CERT && TLS_KEY && { tls: readTls(TLS_CERT, TLS_KEY) }),
})
