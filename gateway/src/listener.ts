import { type Log, refusalOf, refuse } from '@channelling/http'
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
 * How the gateway listens. What fails before anything of the gateway's could see to it is answered as any fault is: by itself the listener
 * writes the address into the log, and shows whoever asks where the program failed.
 * @throws StartFault when the certificate or its key cannot be used
 */
export const listenerOptions = ({ HOST, PORT, TLS_CERT, TLS_KEY }: Listening, log: Log) => ({
  hostname: HOST,
  port: PORT,
  maxRequestBodySize: BODY_BYTES_MAX,
  idleTimeout: IDLE_SECONDS_MAX,
  // Elysia shares a port by default; a second server on it must fail instead
  reusePort: false,
  development: false,
  error(error: Error) {
    const requestId = crypto.randomUUID()
    return refuse(refusalOf(error, log, requestId), requestId)
  },
  ...(TLS_CERT && TLS_KEY && { tls: readTls(TLS_CERT, TLS_KEY) }),
})
