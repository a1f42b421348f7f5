import { conditionalReads, identityOf, kit } from '@channelling/http'
import { readiness } from '@channelling/schema'
import { Elysia } from 'elysia'
import type { CatalogueDependencies } from './dependencies'
import { addConsultantEndpoint } from './endpoints/add-consultant'
import { addHospitalEndpoint } from './endpoints/add-hospital'
import { addScheduleEndpoint } from './endpoints/add-schedule'
import { addSpecialityEndpoint } from './endpoints/add-speciality'
import { cancelSessionEndpoint } from './endpoints/cancel-session'
import { changeConsultantEndpoint } from './endpoints/change-consultant'
import { changeHospitalEndpoint } from './endpoints/change-hospital'
import { changeScheduleEndpoint } from './endpoints/change-schedule'
import { changeSessionEndpoint } from './endpoints/change-session'
import { changeSpecialityEndpoint } from './endpoints/change-speciality'
import { getConsultant } from './endpoints/get-consultant'
import { getHospital } from './endpoints/get-hospital'
import { getSchedule } from './endpoints/get-schedule'
import { getSession } from './endpoints/get-session'
import { getSpeciality } from './endpoints/get-speciality'
import { listConsultants } from './endpoints/list-consultants'
import { listHospitals } from './endpoints/list-hospitals'
import { listSchedules } from './endpoints/list-schedules'
import { listSessions } from './endpoints/list-sessions'
import { listSpecialities } from './endpoints/list-specialities'
import { publishSessionEndpoint } from './endpoints/publish-session'
import { retireConsultantEndpoint } from './endpoints/retire-consultant'
import { retireHospitalEndpoint } from './endpoints/retire-hospital'
import { retireScheduleEndpoint } from './endpoints/retire-schedule'
import { retireSpecialityEndpoint } from './endpoints/retire-speciality'

export const about = 'Specialities, hospitals, consultants, their schedules and sessions'

/** The catalogue: what can be booked, where, with whom and when. */
export function createCatalogue({ secret, log, degraded, ...rest }: CatalogueDependencies) {
  const dependencies = { ...rest, identity: identityOf(secret) }
  return new Elysia({ name: 'catalogue' })
    .use(kit({ name: 'catalogue', about, log, ready: readiness(rest.database), degraded }))
    .use(conditionalReads())
    .use(listSpecialities(dependencies))
    .use(getSpeciality(dependencies))
    .use(addSpecialityEndpoint(dependencies))
    .use(changeSpecialityEndpoint(dependencies))
    .use(retireSpecialityEndpoint(dependencies))
    .use(listHospitals(dependencies))
    .use(getHospital(dependencies))
    .use(addHospitalEndpoint(dependencies))
    .use(changeHospitalEndpoint(dependencies))
    .use(retireHospitalEndpoint(dependencies))
    .use(listConsultants(dependencies))
    .use(getConsultant(dependencies))
    .use(addConsultantEndpoint(dependencies))
    .use(changeConsultantEndpoint(dependencies))
    .use(retireConsultantEndpoint(dependencies))
    .use(listSchedules(dependencies))
    .use(getSchedule(dependencies))
    .use(addScheduleEndpoint(dependencies))
    .use(changeScheduleEndpoint(dependencies))
    .use(retireScheduleEndpoint(dependencies))
    .use(listSessions(dependencies))
    .use(getSession(dependencies))
    .use(publishSessionEndpoint(dependencies))
    .use(changeSessionEndpoint(dependencies))
    .use(cancelSessionEndpoint(dependencies))
}
