import { expect, test } from 'bun:test'
import { likenesses } from './criteria'
import { phnOf } from './phn'

const looksLike = (query: string) => likenesses({ query }, 'LK')[0]

test('each criterion is one list, to be met together', () => {
  expect(likenesses({ id: 7, phone: '077 123 4567', nic: '853400937v', name: 'Jane  D' }, 'LK')).toEqual([
    [{ of: 'id', is: 7 }],
    [{ of: 'phone', is: '+94771234567' }],
    [{ of: 'nicKey', is: '198534000937' }],
    [{ of: 'namePart', is: 'jane d' }],
  ])
})

test('a criterion that nobody can meet is an empty list', () => {
  expect(likenesses({ phone: '12' }, 'LK')).toEqual([[]])
  expect(likenesses({ nic: 'x' }, 'LK')).toEqual([[]])
  expect(likenesses({ phn: 'P12345678900' }, 'LK')).toEqual([[]])
})

test('a part of a name that folds to nothing does not match everybody', () => {
  expect(likenesses({ name: '\u200d\u200d' }, 'LK')).toEqual([[]])
})

test('free text is read as whatever it looks like', () => {
  expect(looksLike('0771234567')).toContainEqual({ of: 'phone', is: '+94771234567' })
  expect(looksLike('853400937V')).toContainEqual({ of: 'nicKey', is: '198534000937' })
  expect(looksLike('198534000937')).toContainEqual({ of: 'nicKey', is: '198534000937' })
  expect(looksLike(phnOf('1234567890').toLowerCase())).toContainEqual({ of: 'phn', is: phnOf('1234567890') })
  expect(looksLike('n123 4567')).toEqual([{ of: 'passport', is: 'N1234567' }])
  expect(looksLike('Jane@x.lk')).toEqual([{ of: 'email', is: 'jane@x.lk' }])
  expect(looksLike('Jane')).toEqual([{ of: 'namePart', is: 'jane' }])
})

test('a number is not looked for among the names, a name with a number is', () => {
  for (const number of ['0771234567', '853400937V', 'N1234567', phnOf('1234567890')]) {
    expect(looksLike(number)).not.toContainEqual(expect.objectContaining({ of: 'namePart' }))
  }
  expect(looksLike('Patient 42')).toContainEqual({ of: 'namePart', is: 'patient 42' })
})
