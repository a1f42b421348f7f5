import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createLog } from '@channelling/http'
import { lock, open } from '@channelling/schema'
import { controlPath, openControl } from '../control'
import { CommandFailed } from './command'
import { reach } from './reach'
import { aDataFolder, startServer } from './testing'

let folder: ReturnType<typeof aDataFolder>
beforeEach(() => {
  folder = aDataFolder()
})
afterEach(() => folder.remove())

const body = JSON.stringify({ name: 'Agent' })
const asJson = { 'content-type': 'application/json' }

test('without a server a command opens the data itself, and lets go of it', async () => {
  const reached = await reach(folder.settings)
  expect((await reached.fetch('/api/admin/clients', { method: 'POST', headers: asJson, body })).status).toBe(201)
  await reached.close()
  const server = await startServer(folder.dataDir)
  const again = await reach(folder.settings)
  const { data } = (await (await again.fetch('/api/admin/clients')).json()) as { data: { name: string }[] }
  expect(data.map(({ name }) => name)).toEqual(['Agent'])
  await again.close()
  await server.close()
})

test('beside a server a command changes what that server sees, at once', async () => {
  const server = await startServer(folder.dataDir)
  const reached = await reach(folder.settings)
  const ask = async (method: string, path: string, sent?: object) => {
    const response = await reached.fetch(path, { method, headers: asJson, body: sent && JSON.stringify(sent) })
    return ((await response.json()) as { data: { id: number; key: string } }).data
  }
  const client = await ask('POST', '/api/admin/clients', { name: 'Agent' })
  const given = { clientId: client.id, scopes: ['queue:write'], expiresAt: '2999-01-01' }
  const { id, key } = await ask('POST', '/api/admin/keys', given)
  expect((await server.keyring.verify(key)).keyId).toBe(id)
  await ask('PUT', `/api/admin/keys/${id}/retire`)
  await expect((async () => server.keyring.verify(key))()).rejects.toThrow('retired')
  await reached.close()
  await server.close()
})

test('a held lock without an answer on the socket is one clear line', async () => {
  const holder = await open({ url: folder.settings.DATABASE_URL })
  const failed = await reach(folder.settings, {}, 200).catch((error) => error)
  expect(failed).toBeInstanceOf(CommandFailed)
  expect(failed.message).toContain('does not answer')
  expect(failed.message).not.toContain('\n')
  await holder.close()
})

test('a server that takes the request and never answers is one clear line too', async () => {
  const silent = { fetch: () => new Promise<Response>(() => undefined) }
  const server = Bun.serve({ unix: controlPath(folder.dataDir), fetch: silent.fetch })
  const failed = await reach(folder.settings, {}, 200).catch((error) => error)
  expect(failed).toBeInstanceOf(CommandFailed)
  await server.stop(true)
})

test('while `run services` has the folder and no gateway answers, its data is not looked for in a file', async () => {
  const services = lock(join(folder.dataDir, 'services'))
  const failed = await reach(folder.settings, {}, 200).catch((error) => error)
  expect(failed).toBeInstanceOf(CommandFailed)
  expect(failed.message).toContain('does not answer')
  expect(existsSync(join(folder.dataDir, 'channelling.db'))).toBe(false)
  services.release()
})

test('of the gateways of `run services` one that answers is enough', async () => {
  const services = lock(join(folder.dataDir, 'services'))
  const [hanging, answering] = ['gateway-1', 'gateway-2'].map((name) => join(folder.dataDir, name))
  for (const gateway of [hanging!, answering!]) mkdirSync(gateway)
  const silent = { fetch: () => new Promise<Response>(() => undefined) }
  const first = Bun.serve({ unix: controlPath(hanging!), fetch: silent.fetch })
  const second = Bun.serve({
    unix: controlPath(answering!),
    fetch: () => Response.json({ data: {}, says: 'the second' }),
  })
  const reached = await reach(folder.settings)
  expect(await (await reached.fetch('/')).json()).toMatchObject({ says: 'the second' })
  const named = { ...folder.settings, databaseNamed: true }
  await expect(reach(named, {}, 200)).rejects.toThrow('does not answer')
  await Promise.all([first.stop(true), second.stop(true)])
  services.release()
})

test('a server that is just starting is waited for', async () => {
  const database = await open({ url: folder.settings.DATABASE_URL })
  const reaching = reach(folder.settings)
  await Bun.sleep(150)
  const app = { fetch: () => Response.json({ data: {}, says: 'late, but there' }) }
  const control = openControl({ path: controlPath(folder.dataDir), app, log: createLog('silent', 'test') })
  const reached = await reaching
  expect(await (await reached.fetch('/')).json()).toMatchObject({ says: 'late, but there' })
  await control.close()
  await database.close()
})

test('a server that is just closing is waited for', async () => {
  const server = await startServer(folder.dataDir)
  const database = server.database
  await Promise.all([
    (async () => {
      await Bun.sleep(150)
      await database.close()
    })(),
    (async () => {
      Bun.file(controlPath(folder.dataDir)).delete()
      const reached = await reach(folder.settings)
      expect((await reached.fetch('/')).status).toBe(200)
      await reached.close()
    })(),
  ])
})
