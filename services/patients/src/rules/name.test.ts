import { expect, test } from 'bun:test'
import { isName, nameKeyOf } from './name'

test('case and spaces make no difference', () => {
  expect(nameKeyOf('  Jane \u00a0  DOE ')).toBe('jane doe')
})

test('one spelling of each character: composed or not, with or without joiners', () => {
  expect(nameKeyOf('Jose\u0301')).toBe(nameKeyOf('JOS\u00c9'))
  expect(nameKeyOf('ශ්\u200dරී')).toBe(nameKeyOf('ශ්රී'))
})

test('a name holds a letter, of any script', () => {
  for (const name of ['Jane', 'ජේන්', 'ஜேன்', '王']) expect(isName(name)).toBe(true)
  for (const name of ['-', '1', '\u200d\u200d', '...']) expect(isName(name)).toBe(false)
})
