import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Caller, scopes } from '@channelling/contract'
import { open } from '@channelling/schema'
import { aHospital } from '@channelling/schema/testing'
import { bookingReads } from './reads'

test.each(['all', 'own'] as const)(
  'a page of a patient’s bookings is read in the order of its index, whatever their number, for access %s',
  async (access) => {
    const folder = mkdtempSync(join(tmpdir(), 'reads-'))
    const database = await open({ url: `file:${join(folder, 'test.db')}` })
    try {
      await aHospital({ patients: 1 })(database)
      const asked: { sql: string; args: unknown[] }[] = []
      const reads = bookingReads({
        ...database,
        readAll: (statements) => {
          for (const statement of statements) if ('sql' in statement) asked.push(statement)
          return database.readAll(statements)
        },
      })
      const caller: Caller = { clientId: 1, keyId: 1, access, scopes }
      await reads.ofPatient(1, caller, { page: 3, size: 20 })
      const plans: string[] = []
      for (const { sql, args } of asked) {
        const steps = await database.read<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, args)
        plans.push(steps.map(({ detail }) => detail).join('; '))
      }
      expect(plans).toEqual([
        'SEARCH patient USING INTEGER PRIMARY KEY (rowid=?)',
        expect.stringMatching(/^SEARCH booking USING (COVERING )?INDEX booking_by_patient \(patient_id=\?\)$/),
        'SEARCH b USING INDEX booking_by_patient (patient_id=?)',
      ])
    } finally {
      await database.close()
      rmSync(folder, { recursive: true })
    }
  },
)
