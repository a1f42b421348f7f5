import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

test('HEAD tells what GET would, without the body, and asks for the same scope', async () => {
  await using server = await startServer({ seed: aHospital() })
  const path = `${server.url}/api/channel/sessions/1`
  const headers = { finance: server.key }
  const got = await fetch(path, { headers })
  const { length } = new TextEncoder().encode(await got.text())
  const head = await fetch(path, { method: 'HEAD', headers })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect(head.headers.get('content-length')).toBe(String(length))
  expect(head.headers.get('etag')).toBe(got.headers.get('etag'))
  expect((await fetch(`${server.url}/api/channel/sessions/999`, { method: 'HEAD', headers })).status).toBe(404)
  expect((await fetch(path, { method: 'HEAD' })).status).toBe(401)
  for (const own of ['/docs/', '/docs/openapi.json', '/health/live', '/api/capabilities']) {
    const { status, headers } = await fetch(`${server.url}${own}`, { method: 'HEAD' })
    expect([own, status, headers.get('x-request-id')]).toEqual([own, 200, expect.any(String)])
  }
})
