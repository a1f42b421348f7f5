import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyring } from '@channelling/access'
import { type Caller, createCalendar, scopes } from '@channelling/contract'
import { createLog, IDENTITY_HEADER, REQUEST_ID_HEADER, signIdentity } from '@channelling/http'
import { open } from '@channelling/schema'
import { createAdministration } from './app'

export const SECRET = 'a secret for tests only'

/** 2026-05-18 09:30:00 in Colombo. */
export const T0 = Date.UTC(2026, 4, 18, 4, 0, 0)

/** What tests take from the record of a client, a key or an act. */
interface Told {
  id: number
  clientId: number
  name: string
  key: string
  scopes: string[]
  retiredAt: string | null
  disabledAt: string | null
}

export interface Reply {
  status: number
  headers: Headers
  body: Record<string, unknown>
  /** The one thing in `data` … */
  one: Told
  /** … or the many. */
  many: Told[]
  /** Where a refused request is faulty. */
  faulty: string[]
}

/** Administration on a private database, with a clock to be set. */
export async function startAdministration() {
  const folder = mkdtempSync(join(tmpdir(), 'administration-'))
  const database = await open({ url: `file:${join(folder, 'channelling.db')}` })
  const time = { now: T0 }
  const clock = () => time.now
  const calendar = createCalendar('Asia/Colombo')
  const keyring = createKeyring({ database, clock, calendar })
  const log = createLog('silent', 'test')
  const app = createAdministration({ database, keyring, calendar, clock, secret: SECRET, log })

  /** Sends a request as an administrator, or as another caller. A text is sent as it is. */
  async function send(method: string, path: string, body?: unknown, as: Partial<Caller> = {}): Promise<Reply> {
    const caller: Caller = { clientId: 77, keyId: 88, access: 'all', scopes, ...as }
    const target = { method, path: path.split('?')[0]! }
    const headers: Record<string, string> = {
      [IDENTITY_HEADER]: signIdentity(SECRET, caller, target, Date.now()),
      [REQUEST_ID_HEADER]: 'r-1',
      'x-channelling-origin': '10.1.2.3',
    }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const response = await app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers,
        body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
    const answer = (await response.json()) as { data: Told & Told[]; fields?: { path: string }[] }
    return {
      status: response.status,
      headers: response.headers,
      body: { ...answer },
      one: answer.data,
      many: answer.data,
      faulty: (answer.fields ?? []).map(({ path }) => path),
    }
  }

  return {
    app,
    database,
    keyring,
    time,
    send,
    async close() {
      await keyring.close()
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}
