import { expect, test } from 'bun:test'
import { readPhone } from './phone'

const spellings = [
  '0771234567',
  '077 123 4567',
  '077-123-4567',
  '(077) 1234567',
  '771234567',
  '+94771234567',
  '+94 77 123 4567',
  '+94 (0)77 123 4567',
  '+940771234567',
  '94771234567',
  ' 94771234567',
  '0094771234567',
  '00 94 77 123 4567',
]
test.each(spellings)('"%s" is the number +94771234567', (written) => {
  expect(readPhone(written, 'LK')).toBe('+94771234567')
})

test('a landline and a number of another country are numbers too', () => {
  expect(readPhone('011 234 5678', 'LK')).toBe('+94112345678')
  expect(readPhone('+44 20 7946 0958', 'LK')).toBe('+442079460958')
})

test('without a country code a number is of the region', () => {
  expect(readPhone('020 7946 0958', 'GB')).toBe('+442079460958')
})

const wrong = [
  '',
  '12',
  'abc',
  '077123456',
  '07712345678',
  '0000000000',
  'abc0771234567',
  '0771234567 or 8',
  '+999 1234567',
]
test.each(wrong)('"%s" is no number', (written) => {
  expect(readPhone(written, 'LK')).toBeNull()
})

test('a number with an extension is refused, because without it somebody else answers', () => {
  expect(readPhone('0112345678 ext 5', 'LK')).toBeNull()
})
