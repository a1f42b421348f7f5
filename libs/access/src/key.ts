import { randomInt } from 'node:crypto'

const PREFIX = 'chk_live_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 30
const CHECKSUM_LENGTH = 6
const KEY_LENGTH = PREFIX.length + RANDOM_LENGTH + CHECKSUM_LENGTH

const shape = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`)

/** The CRC-32 (IEEE) of a text in base62, most significant first. 62^6 is above 2^32, so six characters always hold it. */
function checksumOf(text: string): string {
  let rest = Bun.hash.crc32(text)
  let digits = ''
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

/** A new key: `chk_live_`, 30 random base62 characters (178 bits), and 6 that check everything before them. */
export function mintKey(): string {
  let key = PREFIX
  for (let place = 0; place < RANDOM_LENGTH; place++) key += ALPHABET[randomInt(62)]
  return key + checksumOf(key)
}

/** Whether the text has the shape and the checksum of a key. Whether it was ever issued is for the keyring to say. */
export function isWellFormed(key: string): boolean {
  if (key.length !== KEY_LENGTH || !shape.test(key)) return false
  return checksumOf(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH)
}

/** The SHA-256 of the whole key, hexadecimal: all that is kept to know it by. */
export const hashKey = (key: string): string => Bun.SHA256.hash(key, 'hex')

/** What a person recognises a key by in a list: its beginning … */
export const prefixOf = (key: string): string => key.slice(0, PREFIX.length + 4)

/** … and its end. */
export const last4Of = (key: string): string => key.slice(-4)
