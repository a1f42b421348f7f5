import { identityOf, kit } from '@channelling/http'
import { Elysia } from 'elysia'
import type { CatalogueDependencies } from './dependencies'
import { getSession } from './endpoints/get-session'
import { listConsultants } from './endpoints/list-consultants'
import { listHospitals } from './endpoints/list-hospitals'
import { listSessions } from './endpoints/list-sessions'
import { listSpecialities } from './endpoints/list-specialities'

export const about = 'Specialities, hospitals, consultants, their schedules and sessions'

/** The catalogue: what can be booked, where, with whom and when. */
export function createCatalogue({ secret, log, ...rest }: CatalogueDependencies) {
  const dependencies = { ...rest, identity: identityOf(secret) }
  const ready = async () => ({
    database: await rest.database.read('SELECT 1').then(
      () => true,
      () => false,
    ),
  })
  return new Elysia({ name: 'catalogue' })
    .use(kit({ name: 'catalogue', about, log, ready }))
    .use(listSpecialities(dependencies))
    .use(listHospitals(dependencies))
    .use(listConsultants(dependencies))
    .use(listSessions(dependencies))
    .use(getSession(dependencies))
}
