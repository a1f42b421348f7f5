import { afterAll, expect, test } from 'bun:test'
import { createLog } from './log'
import { DEADLINE_HEADER, serve } from './serve'

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
