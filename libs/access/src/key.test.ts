import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { hashKey, isWellFormed, last4Of, mintKey, prefixOf } from './key'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const keys = Array.from({ length: 20 }, mintKey)

/** CRC-32 (IEEE), bit by bit as the standard defines it. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

test('a minted key has the documented shape, and its last six characters are the CRC-32 of the rest in base62', () => {
  for (const key of keys) {
    expect(key).toMatch(/^chk_live_[0-9A-Za-z]{36}$/)
    const value = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + ALPHABET.indexOf(digit), 0)
    expect(value).toBe(crc32(key.slice(0, -6)))
    expect(isWellFormed(key)).toBe(true)
  }
  expect(new Set(keys).size).toBe(keys.length)
})

test('a key whose checksum begins with zeros is padded and accepted', () => {
  let key = mintKey()
  for (let tries = 0; key[key.length - 6] !== '0' && tries < 20_000; tries++) key = mintKey()
  expect(key[key.length - 6]).toBe('0')
  expect(isWellFormed(key)).toBe(true)
})

test('every single changed character is found out', () => {
  for (const key of keys) {
    for (let place = 0; place < key.length; place++) {
      for (const other of `${ALPHABET}_- é\u0000`) {
        if (other === key[place]) continue
        expect(isWellFormed(key.slice(0, place) + other + key.slice(place + 1))).toBe(false)
      }
    }
  }
})

test('every swap of two different neighbours is found out', () => {
  for (const key of keys) {
    for (let place = 0; place + 1 < key.length; place++) {
      if (key[place] === key[place + 1]) continue
      const swapped = key.slice(0, place) + key[place + 1] + key[place] + key.slice(place + 2)
      expect(isWellFormed(swapped)).toBe(false)
    }
  }
})

test('a lost, added or surrounding character is found out, and so is anything that is no key', () => {
  for (const key of keys) {
    expect(isWellFormed(key.slice(1))).toBe(false)
    expect(isWellFormed(key.slice(0, -1))).toBe(false)
    for (const wrong of [` ${key}`, `${key} `, `${key}\n`, key.toUpperCase(), `${key}${key}`]) {
      expect(isWellFormed(wrong)).toBe(false)
    }
  }
  for (const wrong of ['', 'chk_live_', 'x'.repeat(45), 'é'.repeat(45), 'x'.repeat(1_000_000)]) {
    expect(isWellFormed(wrong)).toBe(false)
  }
})

test('every character of the alphabet turns up in every random place about as often as any other', () => {
  const counts = new Map<string, number>()
  for (let made = 0; made < 2_000; made++) {
    for (const letter of mintKey().slice(9, 39)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  const expected = (2_000 * 30) / 62
  const chiSquare = [...ALPHABET].reduce(
    (sum, letter) => sum + ((counts.get(letter) ?? 0) - expected) ** 2 / expected,
    0,
  )
  // 61 degrees of freedom: above 130 happens by chance less than once in a million runs
  expect(chiSquare).toBeLessThan(130)
})

test('what is kept of a key is its SHA-256, its beginning and its last four characters', () => {
  const key = keys[0]!
  expect(hashKey(key)).toBe(createHash('sha256').update(key).digest('hex'))
  expect(key.startsWith(prefixOf(key))).toBe(true)
  expect(prefixOf(key)).toMatch(/^chk_live_.{4}$/)
  expect(last4Of(key)).toBe(key.slice(-4))
})
