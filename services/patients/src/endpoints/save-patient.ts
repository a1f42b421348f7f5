import { Refusal } from '@channelling/contract'
import type { Fault } from '../rules/person'
import type { Saved } from '../store/patients'

/** @throws Refusal `invalid_request` when there is a fault */
export function refuseFaults(faults: Fault[]): void {
  if (faults.length === 0) return
  throw new Refusal('invalid_request', 'The request is not valid', {
    fields: faults.map(({ property, message }) => ({ path: property ? `body.${property}` : 'body', message })),
  })
}

/** How often a save is tried again; each time somebody else has to come between. */
const TRIES_MAX = 20

/**
 * Saves, again and again while somebody else comes between.
 * @throws Refusal `patient_exists`, `overloaded`
 */
export async function saved(save: () => Promise<Saved>) {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const outcome = await save()
    if ('patient' in outcome) return outcome.patient
    if ('existing' in outcome) {
      throw new Refusal('patient_exists', 'The patient is registered already', { existing: outcome.existing })
    }
  }
  throw new Refusal('overloaded', 'Too many changes to one patient at once', { retryAfterSeconds: 1 })
}
