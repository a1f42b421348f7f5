import { expect, setDefaultTimeout, test } from 'bun:test'
import { aClient } from '../support/client'
import { startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(60_000)

const NEAR = '203.0.113.5'
const FAR = '198.51.100.9'

/** As a proxy adds who spoke to it to what the caller wrote. */
const by = (address: string) => ({ 'x-forwarded-for': `10.9.8.7, ${address}` })

test('behind a proxy that is named, the audit and the limits by address go by the caller, and not by what he wrote before', async () => {
  await using server = await startServer({
    environment: { TRUSTED_PROXIES: '127.0.0.0/8', RATE_LIMIT_FAILURES: '2', SOCKETS_PER_ADDRESS: '1' },
  })
  const created = await server.call('POST', '/api/admin/clients', { name: 'From afar' }, { headers: by(NEAR) })
  expect(created.status).toBe(201)
  const audit = (await server.call('GET', '/api/admin/audit')).text
  expect(audit).toContain(NEAR)
  expect(audit).not.toContain('10.9.8.7')

  const wrong = async (address: string) =>
    (await server.call('GET', '/api/channel/sessions', undefined, { key: 'junk', headers: by(address) })).status
  expect([await wrong(NEAR), await wrong(NEAR), await wrong(NEAR), await wrong(FAR)]).toEqual([401, 401, 429, 401])

  const { key } = await aClient(server)
  const open = (address: string) => subscribe(server, { key, headers: by(address) })
  const first = await open(NEAR)
  expect(await open(NEAR).catch((error) => error)).toBeInstanceOf(HandshakeRefused)
  const other = await open(FAR)
  for (const socket of [first, other]) socket.close()
})

test('where no proxy is named, nobody is believed', async () => {
  await using server = await startServer()
  await server.call('POST', '/api/admin/clients', { name: 'From afar' }, { headers: by(NEAR) })
  const audit = (await server.call('GET', '/api/admin/audit')).text
  expect(audit).toContain('127.0.0.1')
  expect(audit).not.toContain(NEAR)
})
