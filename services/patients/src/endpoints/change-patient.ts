import { idInText } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { withTold } from '../rules/person'
import { changePatient, loadPatient } from '../store/patients'
import { patientNotFound } from './get-patient'
import { patient, told, view } from './patient'
import { refuseFaults, saved } from './save-patient'

const change = z
  .strictObject({ ...told, name: told.name.optional() })
  .refine((given) => Object.keys(given).length > 0, 'must have at least one property')

export const changePatientEndpoint = ({
  identity,
  database,
  calendar,
  clock,
  region,
  onChange,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar' | 'clock' | 'region' | 'onChange'>) =>
  new Elysia().use(identity).put(
    '/api/patients/:id',
    async ({ params, body }) => {
      const now = clock()
      const changed = await saved(async () => {
        const before = await loadPatient(database, params.id)
        if (!before) throw patientNotFound()
        const { person, faults } = withTold(before.person, body, { region, today: calendar.dayOf(now), calendar })
        refuseFaults(faults)
        return changePatient(database, before, person, now).finally(() => onChange(before.id))
      })
      return success(view(changed, calendar))
    },
    {
      scope: 'patients:write',
      parse: jsonBody,
      params: schema(z.object({ id: idInText })),
      body: schema(change),
      response: { 200: envelope(patient), ...refusals('patient_not_found', 'patient_exists') },
      detail: {
        summary: 'Change a patient',
        description:
          'Changes the properties given and leaves the others; null clears one. A name and one of phone, NIC, passport and email must remain.',
        tags: ['Patients'],
        operationId: 'changePatient',
      },
    },
  )
