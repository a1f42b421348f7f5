import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../dependencies'
import { addConsultant } from '../store/consultant-records'
import { consultantBody, consultantGiven, consultantRecord, recordView } from './shapes/directory'

export const addConsultantEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia().use(identity).post(
    '/api/channel/consultants',
    async ({ body, set }) => {
      const added = await addConsultant(database, consultantGiven(body))
      set.status = 201
      set.headers.location = `/api/channel/consultants/${added.id}`
      return created(recordView(added, calendar))
    },
    {
      scope: 'catalogue:write',
      parse: jsonBody,
      body: schema(consultantBody),
      response: {
        201: envelope(consultantRecord, 201),
        ...refusals('already_exists', 'speciality_not_found', 'hospital_not_found'),
      },
      detail: {
        summary: 'Add a consultant',
        description: 'Refused where there is one of that registration already, a retired one too.',
        tags: ['Catalogue'],
        operationId: 'addConsultant',
      },
    },
  )
