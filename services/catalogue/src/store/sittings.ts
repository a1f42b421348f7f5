/** What schedules and sessions have in common when they are written. */
import type { Database } from '@channelling/schema'
import { type Fragment, fragment } from './page'
import { requireInUse } from './records'

/** What a sitting is about. Amounts in cents. */
export interface Terms {
  room: string | null
  capacity: number
  startingNumber: number
  reservedNumbers: number[]
  minutesPerPatient: number
  localDoctorFee: number
  localHospitalFee: number
  foreignDoctorFee: number
  foreignHospitalFee: number
}

export interface Sitters {
  consultantId: number
  hospitalId: number
}

/** One row, of the consultant and the hospital, while both are in use. */
export const sittersInUse = ({ consultantId, hospitalId }: Sitters): Fragment =>
  fragment(
    `FROM consultant c, hospital h WHERE c.id = ? AND c.retired_at IS NULL AND h.id = ? AND h.retired_at IS NULL`,
    consultantId,
    hospitalId,
  )

/** Remembers that the consultant sees patients there. */
export function rememberPair(sitters: Sitters): Fragment {
  const { sql, args } = sittersInUse(sitters)
  return {
    sql: `INSERT INTO consultant_hospital (consultant_id, hospital_id) SELECT c.id, h.id ${sql} ON CONFLICT DO NOTHING`,
    args,
  }
}

/** @throws Refusal `consultant_not_found`, `hospital_not_found` */
export async function requireSitters(database: Database, { consultantId, hospitalId }: Sitters): Promise<void> {
  await requireInUse(database, 'consultant', consultantId, 'consultant_not_found')
  await requireInUse(database, 'hospital', hospitalId, 'hospital_not_found')
}
