import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listAudit } from '@channelling/access'
import { createLog } from '@channelling/http'
import { aDataFolder, startServer } from './commands/testing'
import { controlPath, createControl, type ImportLine, openControl } from './control'

const log = createLog('silent', 'test')
let folder: ReturnType<typeof aDataFolder>
beforeEach(() => {
  folder = aDataFolder()
})
afterEach(() => folder.remove())

const ask = (unix: string, path: string, init: RequestInit = {}) =>
  fetch(`http://localhost${path}`, { ...init, unix } as BunFetchRequestInit)
const hello = { fetch: () => new Response('hello') }

test('the socket is open to its owner alone from the moment it is there, whatever the umask, which stays as it was', async () => {
  const path = controlPath(folder.dataDir)
  const before = process.umask(0)
  try {
    const control = openControl({ path, app: hello, log })
    expect(statSync(path).mode & 0o7777).toBe(0o600)
    expect(process.umask(0)).toBe(0)
    await control.close()
    expect(existsSync(path)).toBe(false)
  } finally {
    process.umask(before)
  }
})

test('a socket that a killed server left is replaced', async () => {
  const path = controlPath(folder.dataDir)
  const source = `Bun.serve({ unix: ${JSON.stringify(path)}, fetch: () => new Response('old') }); console.log('up')`
  const killed = Bun.spawn([process.execPath, '-e', source], { stdout: 'pipe' })
  await killed.stdout.getReader().read()
  killed.kill('SIGKILL')
  await killed.exited
  expect(existsSync(path)).toBe(true)
  const control = openControl({ path, app: hello, log })
  expect(await (await ask(path, '/')).text()).toBe('hello')
  await control.close()
})

test('a data folder with a path longer than a socket may have works too', async () => {
  const long = join(folder.dataDir, 'a'.repeat(120))
  mkdirSync(long)
  const control = openControl({ path: controlPath(long), app: hello, log })
  expect(await (await ask(controlPath(long), '/')).text()).toBe('hello')
  await control.close()
})

test('whoever opens the socket administers, and the audit says that it was the command line', async () => {
  const server = await startServer(folder.dataDir)
  const unix = controlPath(folder.dataDir)
  const response = await ask(unix, '/api/admin/clients', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-channelling-origin': '10.0.0.1' },
    body: JSON.stringify({ name: 'Agent' }),
  })
  expect(response.status).toBe(201)
  const { records } = await listAudit(server.database, { from: 0, to: Date.now(), page: 0, size: 9 })
  expect(records).toMatchObject([{ clientId: null, keyId: null, origin: 'command line', action: 'client.created' }])
  await server.close()
})

test('the socket gives nothing but administration, import and backup', async () => {
  const server = await startServer(folder.dataDir)
  const unix = controlPath(folder.dataDir)
  for (const [method, path] of [
    ['GET', '/api/patients'],
    ['GET', '/openapi/json'],
    ['GET', '/import'],
    ['GET', '/backup'],
    ['POST', '/'],
    ['GET', '/api/admin/../patients'],
    ['GET', '/api/admin/nothing'],
  ] as const) {
    const response = await ask(unix, path, { method })
    expect([path, response.status]).toEqual([path, 404])
    expect(await response.json()).toMatchObject({ status: 'error', reason: 'no_such_path' })
  }
  for (const body of ['', '{', '[]', '{"files":{}}', JSON.stringify({ files: { hospitals: 1 } })]) {
    expect((await ask(unix, '/import', { method: 'POST', body })).status).toBe(400)
  }
  for (const body of ['', '{}', '{"to":1}', '{"to":"backup.db"}', '{"to":"/nowhere/at/all/backup.db"}']) {
    expect((await ask(unix, '/backup', { method: 'POST', body })).status).toBe(400)
  }
  await server.close()
})

const files = { hospitals: '', specialities: '', consultants: '', schedules: '' }
const never = () => Promise.reject(new Error('nobody asked for that'))
const controlOf = (importCatalogue: Parameters<typeof createControl>[0]['importCatalogue']) =>
  createControl({
    administration: hello,
    importCatalogue,
    backUp: never,
    timeZone: 'Asia/Colombo',
    secret: 'unused by an import',
    log,
  })
const importing = { method: 'POST', body: JSON.stringify({ files }) }
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ImportLine)

test('an import tells each step as it happens, and ends with its faults', async () => {
  const gate = Promise.withResolvers<void>()
  const faults = [{ file: 'hospitals.csv', line: 3, reason: 'name must not be empty' }]
  const path = controlPath(folder.dataDir)
  const app = controlOf(async (given, { onProgress }) => {
    expect(given).toEqual(files)
    onProgress?.('first')
    await gate.promise
    onProgress?.('second')
    return { ok: false, faults }
  })
  const control = openControl({ path, app, log })
  const reader = (await ask(path, '/import', importing)).body!.getReader()
  const first = new TextDecoder().decode((await reader.read()).value)
  expect(linesOf(first)).toEqual([{ progress: 'first' }])
  gate.resolve()
  let rest = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    rest += new TextDecoder().decode(read.value)
  }
  expect(linesOf(rest)).toEqual([{ progress: 'second' }, { faults }])
  await control.close()
})

test('an import that breaks says so, without what broke it', async () => {
  const app = controlOf(() => Promise.reject(new Error('secret value')))
  const response = await app.fetch(new Request('http://localhost/import', importing))
  expect(linesOf(await response.text())).toEqual([{ error: 'Something went wrong on our side' }])
})

test('an import goes on when nobody listens any more', async () => {
  const gate = Promise.withResolvers<void>()
  const done = Promise.withResolvers<string>()
  const app = controlOf(async (_files, { onProgress }) => {
    await gate.promise
    onProgress?.('too late')
    done.resolve('done')
    return { ok: false, faults: [] }
  })
  const response = await app.fetch(new Request('http://localhost/import', importing))
  await response.body!.cancel()
  gate.resolve()
  expect(await done.promise).toBe('done')
})

test('a plain file in the place of the socket does not stop a server', async () => {
  const path = controlPath(folder.dataDir)
  writeFileSync(path, 'left over')
  const control = openControl({ path, app: hello, log })
  expect(statSync(path).isSocket()).toBe(true)
  await control.close()
})
