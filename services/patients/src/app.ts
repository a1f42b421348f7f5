import { randomInt } from 'node:crypto'
import { identityOf, kit } from '@channelling/http'
import { readiness } from '@channelling/schema'
import { Elysia } from 'elysia'
import type { Dependencies, PatientsOptions } from './dependencies'
import { changePatientEndpoint } from './endpoints/change-patient'
import { getPatientEndpoint } from './endpoints/get-patient'
import { registerPatientEndpoint } from './endpoints/register-patient'
import { searchPatientsEndpoint } from './endpoints/search-patients'
import { PHN_BODY_DIGITS, phnOf } from './rules/phn'

/** Drawn at random, so that a PHN tells neither how many patients there are nor who came before. */
const drawPhn = () => phnOf(String(randomInt(10 ** PHN_BODY_DIGITS)).padStart(PHN_BODY_DIGITS, '0'))

/** The patients service: find, register and change patients. */
export function createPatients({
  secret,
  log,
  region = 'LK',
  newPhn = drawPhn,
  onChange = () => {},
  ...given
}: PatientsOptions) {
  const dependencies: Dependencies = { ...given, region, newPhn, onChange, identity: identityOf(secret) }
  return new Elysia({ name: 'patients' })
    .use(
      kit({ name: 'patients', about: 'Finds, registers and changes patients', log, ready: readiness(given.database) }),
    )
    .use(searchPatientsEndpoint(dependencies))
    .use(registerPatientEndpoint(dependencies))
    .use(getPatientEndpoint(dependencies))
    .use(changePatientEndpoint(dependencies))
}
