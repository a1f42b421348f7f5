import { expect, test } from 'bun:test'
import { createLog, described } from './log'

test('a line holds what is on the list of what it may hold, and nothing else', () => {
  const lines: string[] = []
  const fields: object = { keyId: 7, what: 'this', serves: false, name: 'Jane Doe', phone: '0771234567' }
  createLog('info', 'test', { write: (line) => void lines.push(line) }).info(fields, 'a sentence')
  expect(JSON.parse(lines[0]!)).toEqual({
    level: 'info',
    time: expect.any(String),
    service: 'test',
    keyId: 7,
    what: 'this',
    serves: false,
    msg: 'a sentence',
  })
})

test('of an error its class, code and place are told', () => {
  const { error, code, frames } = described(Object.assign(new TypeError('Jane Doe'), { code: 'SQLITE_BUSY' }))
  expect([error, code]).toEqual(['TypeError', 'SQLITE_BUSY'])
  expect(frames![0]).toContain('log.test.ts')
})

test('of what it says nothing is told, however it is dressed up', () => {
  const place = '\n    at Jane Doe (/somewhere.ts:1:1)'
  const renamed = new Error('Jane Doe')
  renamed.name = 'Jane Doe, 0771234567'
  const retold = new Error(place)
  void retold.stack
  retold.message = 'something else'
  for (const thrown of [
    new Error(`Jane Doe${place}`),
    new Error(place),
    renamed,
    retold,
    Object.assign(new Error('x'), { code: 'Jane Doe' }),
    Object.assign(new Error('x'), { code: '199013900123' }),
    new Error('x', { cause: new Error('Jane Doe') }),
    'Jane Doe',
    { name: 'Jane Doe' },
  ]) {
    expect(JSON.stringify(described(thrown))).not.toMatch(/Jane|077|1990/)
  }
})
