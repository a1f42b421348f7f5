import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyring } from '@channelling/access'
import { importCatalogue } from '@channelling/catalogue'
import { createCalendar } from '@channelling/contract'
import { createLog } from '@channelling/http'
import { backUp, open } from '@channelling/schema'
import { readSettings } from '@channelling/settings'
import { createAdministration } from '../administration'
import { controlPath, createControl, openControl } from '../control'

export function aDataFolder() {
  const dataDir = mkdtempSync(join(tmpdir(), 'commands-'))
  return { dataDir, settings: readSettings({ DATA_DIR: dataDir }), remove: () => rmSync(dataDir, { recursive: true }) }
}

/** A server of a data folder, as far as commands see it: it holds the lock and answers on the control socket. */
export async function startServer(dataDir: string, timeZone = 'Asia/Colombo') {
  const database = await open({ url: `file:${dataDir}/channelling.db` })
  const log = createLog('silent', 'test')
  const clock = Date.now
  const calendar = createCalendar(timeZone)
  const secret = randomBytes(16).toString('hex')
  const keyring = createKeyring({ database, clock, calendar })
  const app = createControl({
    administration: createAdministration({ database, keyring, calendar, clock, secret, log }),
    importCatalogue: (files, options) =>
      importCatalogue({ database, calendar, clock, currency: 'LKR' }, files, options),
    backUp: (to) => backUp({ url: `file:${dataDir}/channelling.db` }, to, { held: true }),
    timeZone,
    secret,
    log,
  })
  const control = openControl({ path: controlPath(dataDir), app, log })
  return {
    database,
    keyring,
    async close() {
      await control.close()
      await keyring.close()
      await database.close()
    },
  }
}

const sourceOf = {
  keys: join(import.meta.dir, 'keys.ts'),
  import: join(import.meta.dir, 'import.ts'),
  backup: join(import.meta.dir, 'backup.ts'),
  restore: join(import.meta.dir, 'restore.ts'),
  db: join(import.meta.dir, 'db.ts'),
}

const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text()

/** Runs a command as a process of its own. */
export async function run(command: keyof typeof sourceOf, dataDir: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, sourceOf[command], ...args], {
    env: { PATH: process.env.PATH, DATA_DIR: dataDir },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), child.exited])
  return { code, out: out.trim(), err: err.trim() }
}
