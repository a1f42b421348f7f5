import { afterAll, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { DEADLINE_HEADER } from './deadline'
import { createLog } from './log'
import { saysItLeaves, serve } from './serve'

let asked = 0
const service = serve({
  app: {
    fetch() {
      asked++
      return new Response('done')
    },
  },
  hostname: '127.0.0.1',
  port: 0,
  log: createLog('silent', 'test'),
  leavingMs: 0,
})
afterAll(() => service.close())

const ask = (deadline?: number) =>
  fetch(`http://127.0.0.1:${service.port}/`, {
    method: 'POST',
    headers: deadline === undefined ? {} : { [DEADLINE_HEADER]: String(deadline) },
  })

test('what comes after its deadline does not reach the service: its caller has been answered', async () => {
  const late = await ask(Date.now() - 1)
  expect(late.status).toBe(503)
  expect(await late.json()).toMatchObject({ reason: 'overloaded' })
  expect(asked).toBe(0)
})

test('what comes in time, or without a deadline, does', async () => {
  expect((await ask(Date.now() + 10_000)).status).toBe(200)
  expect((await ask()).status).toBe(200)
  expect(asked).toBe(2)
})

test('who is told to stop takes requests still, says that it leaves, and then finishes what is under way', async () => {
  const held = Promise.withResolvers<Response>()
  const leaver = serve({
    app: { fetch: (request) => (request.url.endsWith('/held') ? held.promise : new Response('done')) },
    hostname: '127.0.0.1',
    port: 0,
    log: createLog('silent', 'test'),
    leavingMs: 200,
  })
  const get = (path: string) => fetch(`http://127.0.0.1:${leaver.port}${path}`)
  expect(saysItLeaves(await get('/'))).toBe(false)
  expect((await get('/health/ready')).status).toBe(200)

  const underWay = get('/held')
  await get('/')
  const closed = leaver.close()
  const during = await get('/')
  expect([during.status, await during.text(), saysItLeaves(during)]).toEqual([200, 'done', true])
  expect((await get('/health/ready')).status).toBe(503)
  while (await get('/').catch(() => null)) await Bun.sleep(5)
  held.resolve(new Response('late but whole'))
  const last = await underWay
  expect([await last.text(), saysItLeaves(last)]).toEqual(['late but whole', true])
  await closed
})

test('a service is there by whatever name its host has, short ones too', async () => {
  const named = serve({
    app: new Elysia().get('/api/channel/:id', ({ params, query }) => ({ ...params, ...query })),
    hostname: '127.0.0.1',
    port: 0,
    log: createLog('silent', 'test'),
    leavingMs: 0,
  })
  for (const host of ['c', 'a.b', 'cat', 'cat:80', 'cats', 'catalogue:3000']) {
    const response = await fetch(`http://127.0.0.1:${named.port}/api/channel/7?part=/a?b`, { headers: { host } })
    expect([host, response.status, await response.json()]).toEqual([host, 200, { id: '7', part: '/a?b' }])
  }
  await named.close()
})
