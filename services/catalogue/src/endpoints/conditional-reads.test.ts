import { afterEach, beforeEach, expect, test } from 'bun:test'
import { aDirectory, aSession, startCatalogue } from '../testing'

let catalogue: Awaited<ReturnType<typeof startCatalogue>>
beforeEach(async () => {
  catalogue = await startCatalogue()
  await aDirectory(catalogue.database)
})
afterEach(() => catalogue.close())

const paths = [
  '/api/channel/specialities',
  '/api/channel/hospitals',
  '/api/channel/consultants',
  '/api/channel/schedules',
  '/api/channel/sessions',
  '/api/channel/sessions/1',
]

test.each(paths)('%s: who has the answer already is told so, and gets it again once it changed', async (path) => {
  const id = await aSession(catalogue.database)
  const first = await catalogue.ask(path)
  expect(first.status).toBe(200)
  const etag = first.headers.get('etag')!
  expect(etag).toMatch(/^"[0-9a-z]+"$/)
  const again = await catalogue.ask(path, { 'if-none-match': `"other", W/${etag}` })
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
  expect((await catalogue.ask(path, { 'if-none-match': '"other"' })).status).toBe(200)

  await catalogue.call('PUT', `/api/channel/sessions/${id}`, { room: '99' })
  const changed = await catalogue.ask(path, { 'if-none-match': etag })
  expect(changed.status).toBe(path.includes('sessions') ? 200 : 304)
})

test('a refusal has no ETag', async () => {
  const reply = await catalogue.ask('/api/channel/sessions/999', { 'if-none-match': '*' })
  expect([reply.status, reply.headers.get('etag')]).toEqual([404, null])
})
