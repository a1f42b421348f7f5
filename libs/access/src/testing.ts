import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCalendar, type Instant, type Scope } from '@channelling/contract'
import { type Database, open } from '@channelling/schema'
import { createClient } from './store/clients'
import { issueKey } from './store/keys'

export const T0: Instant = Date.UTC(2026, 4, 18, 4, 0, 0)
export const calendar = createCalendar('Asia/Colombo')
export const YEAR_MS = 365 * 86_400_000

/** An act from the command line. */
export const actAt = (at: Instant) => ({ at, clientId: null, keyId: null, origin: 'command line' })

/** A private database that counts what is asked of it, and a clock to be set. */
export async function startAccess() {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  const real = await open({ url: `file:${join(folder, 'channelling.db')}` })
  const counted = { reads: 0, writes: 0 }
  const database: Database = {
    ...real,
    read(sql, args) {
      counted.reads++
      return real.read(sql, args)
    },
    write(statements) {
      counted.writes++
      return real.write(statements)
    },
  }
  const time = { now: T0 }
  let names = 0

  return {
    database,
    counted,
    time,
    clock: () => time.now,
    /** A key of a client of its own, unless told whose. */
    async aKey(
      given: {
        clientId?: number
        scopes?: Scope[]
        expiresAt?: Instant
        active?: boolean
        access?: 'own' | 'all'
      } = {},
    ) {
      const { scopes = ['bookings:read'], expiresAt = T0 + YEAR_MS, active = true, access = 'own' } = given
      const act = actAt(time.now)
      const clientId =
        given.clientId ?? (await createClient(real, { name: `App ${++names}`, contact: null, access }, act)).id
      return issueKey(real, { clientId, scopes, expiresAt, active }, act)
    },
    async close() {
      await real.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The reason with which something was refused, whether it threw or rejected; anything else fails the test. */
export async function reasonOf(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error)
  }
  return 'not refused'
}
