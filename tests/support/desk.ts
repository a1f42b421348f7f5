import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBookings } from '@channelling/bookings'
import { createCatalogue } from '@channelling/catalogue'
import { createCalendar, type Instant, scopes } from '@channelling/contract'
import { createLog, IDENTITY_HEADER, signIdentity } from '@channelling/http'
import { type Database, open } from '@channelling/schema'

const SECRET = 'a secret for tests only'
const CLIENT_ID = 1

/** Bookings and sessions on one database, with a clock that stands until it is set: for what only time brings about. */
export interface Desk {
  time: { now: Instant }
  call(
    method: string,
    path: string,
    body?: unknown,
    // biome-ignore lint/suspicious/noExplicitAny: answers are asserted on, whatever they hold
  ): Promise<{ status: number; body: any }>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startDesk({
  seed,
  holdMinutes = 20,
}: {
  seed: (database: Database) => Promise<void>
  holdMinutes?: number
}): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'desk-'))
  const database = await open({ url: `file:${join(folder, 'channelling.db')}` })
  await seed(database)
  await database.write([
    {
      sql: `INSERT INTO client (id, name, access, created_at) VALUES (?, 'Desk', 'all', 0)`,
      args: [CLIENT_ID],
    },
  ])
  const time = { now: Date.now() }
  const shared = {
    database,
    calendar: createCalendar('Asia/Colombo'),
    clock: () => time.now,
    secret: SECRET,
    log: createLog('silent', 'test'),
  }
  const bookings = createBookings({ ...shared, holdMinutes, onCommit: () => {} })
  const catalogue = createCatalogue({ ...shared, currency: 'LKR' })

  return {
    time,
    async call(method, path, body) {
      const caller = { clientId: CLIENT_ID, keyId: 1, access: 'all' as const, scopes }
      const identity = signIdentity(SECRET, caller, { method, path: path.split('?')[0]! }, Date.now())
      const request = new Request(`http://localhost${path}`, {
        method,
        headers: { [IDENTITY_HEADER]: identity, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const app = path.startsWith('/api/channel/bookings') ? bookings.app : catalogue
      const response = await app.fetch(request)
      return { status: response.status, body: await response.json() }
    },
    async [Symbol.asyncDispose]() {
      await bookings.close()
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}
