import { expect, test } from 'bun:test'
import { addressesOf } from './addresses'

test('credentials are taken out of the address, and encryption is asked for where one says so', () => {
  expect(addressesOf(['nats://one:4222', 'nats://two'])).toEqual({ servers: ['one:4222', 'two'] })
  expect(addressesOf(['nats://an%40a:s%3Acret@one:4222'])).toEqual({
    servers: ['one:4222'],
    user: 'an@a',
    pass: 's:cret',
  })
  expect(addressesOf(['tls://token@one'])).toEqual({ servers: ['one'], token: 'token', tls: {} })
})
