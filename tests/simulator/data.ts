import { Database as Sqlite } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DAY_MS, MINUTE_MS } from '@channelling/contract'
import { open } from '@channelling/schema'
import { aHospital, aSession } from '../support/hospital'
import { BEGIN } from './scheduler'

export const EPOCH = 'simulated'
export const PATIENTS = 3

/** Whose ids are 1, 2, … in this order. */
export const clients = [
  { name: 'Desk', access: 'all' },
  { name: 'Portal', access: 'own' },
  { name: 'Agency', access: 'own' },
] as const

/** By session: numbers that the desk gives to whom it chooses. */
export const reservedNumbers: Record<number, number[]> = { 3: [1, 3, 4], 4: [12] }

const sessions = [
  aSession({ capacity: 3 }),
  aSession({ capacity: 1 }),
  aSession({ capacity: 5, reservedNumbers: reservedNumbers[3] }),
  aSession({ capacity: 0, startingNumber: 10, reservedNumbers: reservedNumbers[4] }),
]
export const SESSIONS = sessions.length

/** The hospital as each run finds it, made once: a database of the present schema, as bytes. */
export async function prepare(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  try {
    const path = join(folder, 'channelling.db')
    const database = await open({ url: `file:${path}` })
    await aHospital({ sessions, patients: PATIENTS })(database)
    await database.write([
      ...clients.map(({ name, access }, index) => ({
        sql: 'INSERT INTO client (id, name, access, created_at) VALUES (?, ?, ?, 0)',
        args: [index + 1, name, access],
      })),
      // chance and the clock have no part in what a run begins with
      { sql: 'UPDATE event_stream SET epoch = ?', args: [EPOCH] },
      {
        sql: 'UPDATE session SET starts_at = ?, ends_at = ?',
        args: [BEGIN + 30 * MINUTE_MS, BEGIN + DAY_MS],
      },
      { sql: 'UPDATE patient SET created_at = 0, updated_at = 0', args: [] },
      { sql: 'UPDATE booking_clock SET latest = 0', args: [] },
    ])
    await database.close()
    const file = new Sqlite(path)
    file.run('PRAGMA journal_mode = DELETE')
    const bytes = file.serialize()
    file.close()
    return bytes
  } finally {
    rmSync(folder, { recursive: true })
  }
}
