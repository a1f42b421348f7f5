import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { StartFault } from '@channelling/http'
import type { Settings } from '@channelling/settings'

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

/** Reads a certificate, with those of its issuers after it, and its key, and makes sure that they belong together. */
function readTls(certPath: string, keyPath: string): { cert: string; key: string } {
  const cert = readPem('TLS_CERT', certPath)
  const key = readPem('TLS_KEY', keyPath)
  const certificate = used('TLS_CERT is not a certificate', () => new X509Certificate(cert))
  const privateKey = used('TLS_KEY is not a private key, or asks for a passphrase', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey)) throw new StartFault('TLS_KEY is not the key of TLS_CERT')
  return { cert, key }
}

function readPem(setting: string, path: string): string {
  const text = used(`${setting} cannot be read: it must be the path of a PEM file`, () => readFileSync(path, 'utf8'))
  if (!text.includes('-----BEGIN ')) throw new StartFault(`${setting} is not a PEM file`)
  return text
}

function used<Made>(otherwise: string, make: () => Made): Made {
  try {
    return make()
  } catch {
    throw new StartFault(otherwise)
  }
}
