import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { StartFault } from '@channelling/http'

/** A PEM file, and what it holds; or what is wrong with it, in words that follow the name of its setting. */
type Pem<Held> = { text: string; held: Held; fault?: undefined } | { fault: string }

function readPem<Held>(path: string, holdsOf: (text: string) => Held, otherwise: string): Pem<Held> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return { fault: 'cannot be read: it must be the path of a PEM file' }
  }
  if (!text.includes('-----BEGIN ')) return { fault: 'is not a PEM file' }
  try {
    return { text, held: holdsOf(text) }
  } catch {
    return { fault: otherwise }
  }
}

const readCertificate = (path: string) => readPem(path, (text) => new X509Certificate(text), 'is not a certificate')
const readKey = (path: string) => readPem(path, createPrivateKey, 'is not a private key, or asks for a passphrase')

/** What is wrong with the file at a path, if anything is. */
export const certificateFault = (path: string): string | undefined => readCertificate(path).fault
export const keyFault = (path: string): string | undefined => readKey(path).fault

/**
 * Reads a certificate, with those of its issuers after it, and its key, and makes sure that they belong together.
 * @throws StartFault
 */
export function readTls(certPath: string, keyPath: string): { cert: string; key: string } {
  const cert = readCertificate(certPath)
  if (cert.fault !== undefined) throw new StartFault(`TLS_CERT ${cert.fault}`)
  const key = readKey(keyPath)
  if (key.fault !== undefined) throw new StartFault(`TLS_KEY ${key.fault}`)
  if (!cert.held.checkPrivateKey(key.held)) throw new StartFault('TLS_KEY is not the key of TLS_CERT')
  return { cert: cert.text, key: key.text }
}
