import { expect, test } from 'bun:test'
import { createOriginOf } from './origin'

const said = (...values: string[]) => new Headers({ 'x-forwarded-for': values.join(', ') })
const originOf = createOriginOf(['10.0.0.7', '192.168.0.0/16', 'fd00::/8'])

test('without proxies nobody is believed', () => {
  expect(createOriginOf([])(said('203.0.113.5'), '10.0.0.7')).toBe('10.0.0.7')
})

test.each([
  ['one proxy names the caller', ['203.0.113.5'], '10.0.0.7', '203.0.113.5'],
  ['each of several adds who spoke to it', ['203.0.113.5', '192.168.4.4', 'fd00::2'], '10.0.0.7', '203.0.113.5'],
  [
    'what a caller wrote before is not believed',
    ['127.0.0.1', '198.51.100.1', '203.0.113.5'],
    '10.0.0.7',
    '203.0.113.5',
  ],
  ['whoever is no proxy names nobody', ['127.0.0.1'], '203.0.113.5', '203.0.113.5'],
  ['what is no address ends it', ['203.0.113.5', 'unknown'], '10.0.0.7', '10.0.0.7'],
  ['what is left out ends it', ['203.0.113.5', ''], '10.0.0.7', '10.0.0.7'],
  ['a proxy that asks for itself is where it comes from', [], '192.168.4.4', '192.168.4.4'],
  ['a proxy seen by a socket of both kinds is the same one', ['2001:db8::5'], '::ffff:10.0.0.7', '2001:db8::5'],
])('%s', (_, values, peer, origin) => {
  expect(originOf(said(...values), peer)).toBe(origin)
})
