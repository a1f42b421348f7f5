import { expect, test } from 'bun:test'
import { Digest } from './content'

const table = { name: 'sample', columns: ['a', 'b'], key: ['a'] }

function hashOf(...rows: unknown[][]): string {
  const digest = new Digest()
  digest.add(rows)
  return digest.end(table).hash
}

test('the same rows are the same, however many at a time and by whichever driver they were read', () => {
  const digest = new Digest()
  digest.add([[1, 'a']])
  digest.add([[2, Buffer.from('bytes')]])
  expect(digest.end(table)).toEqual({
    table: 'sample',
    rows: 2,
    hash: hashOf([1n, 'a'], [2, new Uint8Array(Buffer.from('bytes')).buffer]),
  })
})

test.each([
  ['a number and its text', [[1]], [['1']]],
  ['nothing and no text', [[null]], [['']]],
  ['bytes and their text', [[Buffer.from('a')]], [['a']]],
  ['where a value ends', [['a', 'bc']], [['ab', 'c']]],
  ['the order', [[1], [2]], [[2], [1]]],
  ['rows and values', [[1], [2]], [[1, 2]]],
])('what differs in %s is not the same', (_what, one, other) => {
  expect(hashOf(...one)).not.toBe(hashOf(...other))
})
