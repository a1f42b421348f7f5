import { idInText, Refusal } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { loadPatient } from '../store/patients'
import { patient, view } from './patient'

export const patientNotFound = () => new Refusal('patient_not_found', 'There is no such patient')

export const getPatientEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia().use(identity).get(
    '/api/patients/:id',
    async ({ params }) => {
      const found = await loadPatient(database, params.id)
      if (!found) throw patientNotFound()
      return success(view(found, calendar))
    },
    {
      scope: 'patients:read',
      params: schema(z.object({ id: idInText })),
      response: { 200: envelope(patient), ...refusals('patient_not_found') },
      detail: {
        summary: 'Get a patient',
        description: 'One patient, by id.',
        tags: ['Patients'],
        operationId: 'getPatient',
      },
    },
  )
