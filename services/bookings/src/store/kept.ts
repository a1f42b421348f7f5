import type { Session } from '../rules/session'
import type { Patient, World } from '../rules/world'

/** So many sessions, and so many patients. */
const KEPT_MAX = 20_000

/**
 * Sessions as the bookings that were saved last left them, and patients as they were read, so that a session much asked for, and a
 * patient for whom one place is tried after another, are not read anew for every group. It serves where every writer is in this
 * process: whoever else changes a session, what is shown with it, or a patient, says so before that is acknowledged.
 */
export interface Kept {
  session(id: number): Session | undefined
  patient(id: number): Patient | undefined
  /** Begins a reading; `keep` takes what was made of it, once that is saved, unless anything was forgotten since. */
  begin(): (saved: World) => void
  forgetPatient(id: number): void
  forgetAll(): void
}

export function createKept(): Kept {
  const keptSessions = new Map<number, Session>()
  const keptPatients = new Map<number, Patient>()
  let forgotten = 0

  return {
    session: (id) => keptSessions.get(id),
    patient: (id) => keptPatients.get(id),
    begin() {
      const before = forgotten
      return ({ sessions, patients, changes }) => {
        if (forgotten !== before) return
        for (const [id, readAt] of changes.seats) {
          const session = sessions.get(id)!
          put(keptSessions, { ...session, seats: { ...session.seats, version: readAt + 1 } })
        }
        for (const patient of patients.values()) {
          if (!keptPatients.has(patient.id)) put(keptPatients, patient)
        }
      }
    },
    forgetPatient(id) {
      forgotten++
      keptPatients.delete(id)
    },
    forgetAll() {
      forgotten++
      keptSessions.clear()
      keptPatients.clear()
    },
  }
}

/** In place of the one that was put first, once there are too many. */
function put<Named extends { id: number }>(kept: Map<number, Named>, one: Named): void {
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value!)
  kept.set(one.id, one)
}

/** Keeps nothing: for a process beside which others write. */
export const nothingKept: Kept = {
  session: () => undefined,
  patient: () => undefined,
  begin: () => () => {},
  forgetPatient() {},
  forgetAll() {},
}
