import { expect, test } from 'bun:test'
import { birthYearOf, readNic } from './nic'

const pairs: [string, string][] = [
  ['853400937V', '198534000937'],
  ['951234567V', '199512304567'],
  ['000010001V', '190000100001'],
  ['998669999X', '199986609999'],
]
test.each(pairs)('%s and %s are one number', (old, renewed) => {
  expect(readNic(old)?.nicKey).toBe(renewed)
  expect(readNic(renewed)?.nicKey).toBe(renewed)
})

test.each(['853400937v', '85 3400937 V', '85-340-0937-v', ' 853400937V '])('"%s" is 853400937V', (written) => {
  expect(readNic(written)).toEqual({ nic: '853400937V', nicKey: '198534000937' })
})

test('V and X say who votes, not who it is', () => {
  expect(readNic('853400937X')?.nicKey).toBe('198534000937')
})

const days: [string, boolean][] = [
  ['000', false],
  ['001', true],
  ['060', true],
  ['366', true],
  ['367', false],
  ['500', false],
  ['501', true],
  ['560', true],
  ['866', true],
  ['867', false],
  ['999', false],
]
test.each(days)('day %s of any year, leap or not: %p', (day, real) => {
  for (const written of [`84${day}0937V`, `85${day}0937V`, `1984${day}00937`, `2001${day}00937`]) {
    expect(readNic(written) !== null).toBe(real)
  }
})

const wrong = [
  '',
  '85340093V',
  '8534009377V',
  '853400937',
  '853400937Y',
  '19853400093',
  '1985340009377',
  '1885340009377',
  '218534000937',
  '85340O937V',
  '٨٥٣٤٠٠٩٣٧V',
]
test.each(wrong)('"%s" is no number', (written) => {
  expect(readNic(written)).toBeNull()
})

test('the year of birth is in the number', () => {
  expect(birthYearOf(readNic('853400937V')!.nicKey)).toBe(1985)
  expect(birthYearOf('200134000937')).toBe(2001)
})
