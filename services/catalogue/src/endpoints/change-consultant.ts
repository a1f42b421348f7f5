import { idInText } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { changeConsultant } from '../store/consultant-records'
import { consultantBody, consultantGiven, consultantRecord, recordView } from './shapes/directory'

export const changeConsultantEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .put(
      '/api/channel/consultants/:id',
      async ({ params: { id }, body }) =>
        success(recordView(await changeConsultant(database, id, consultantGiven(body)), calendar)),
      {
        scope: 'catalogue:write',
        parse: jsonBody,
        params: schema(z.object({ id: idInText })),
        body: schema(consultantBody),
        response: {
          200: envelope(consultantRecord),
          ...refusals('consultant_not_found', 'already_exists', 'speciality_not_found', 'hospital_not_found'),
        },
        detail: {
          summary: 'Change a consultant',
          description: 'Makes it say what is given, as a whole; a retired one comes back into use.',
          tags: ['Catalogue'],
          operationId: 'changeConsultant',
        },
      },
    )
