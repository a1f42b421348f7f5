import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { nobody, withTold } from '../rules/person'
import { addPatient } from '../store/patients'
import { patient, told, view } from './patient'
import { refuseFaults, saved } from './save-patient'

export const registerPatientEndpoint = ({
  identity,
  database,
  calendar,
  clock,
  region,
  newPhn,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar' | 'clock' | 'region' | 'newPhn'>) =>
  new Elysia().use(identity).post(
    '/api/patients',
    async ({ body, set }) => {
      const now = clock()
      const { person, faults } = withTold(nobody, body, { region, today: calendar.dayOf(now), calendar })
      refuseFaults(faults)
      const registered = await saved(() => addPatient(database, person, newPhn(), now))
      set.status = 201
      set.headers.location = `/api/patients/${registered.id}`
      return created(view(registered, calendar))
    },
    {
      scope: 'patients:write',
      parse: jsonBody,
      body: schema(z.strictObject(told)),
      response: { 201: envelope(patient, 201), ...refusals('patient_exists') },
      detail: {
        summary: 'Register a patient',
        description:
          'Needs a name and at least one of phone, NIC, passport and email. Refused, with the one that is there in `existing`, for a patient of the same NIC (in either form), the same passport, or the same name, date of birth and phone. An `Idempotency-Key` makes no difference here: the same request sent again is refused where one of these is told, with the patient it registered in `existing`; without any of them it registers a second patient.',
        tags: ['Patients'],
        operationId: 'registerPatient',
      },
    },
  )
