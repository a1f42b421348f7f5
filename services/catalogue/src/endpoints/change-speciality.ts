import { idInText } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { changeSpeciality } from '../store/specialities'
import { recordView, specialityBody, specialityGiven, specialityRecord } from './shapes/directory'

export const changeSpecialityEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .put(
      '/api/channel/specialities/:id',
      async ({ params: { id }, body }) =>
        success(recordView(await changeSpeciality(database, id, specialityGiven(body)), calendar)),
      {
        scope: 'catalogue:write',
        parse: jsonBody,
        params: schema(z.object({ id: idInText })),
        body: schema(specialityBody),
        response: { 200: envelope(specialityRecord), ...refusals('speciality_not_found', 'already_exists') },
        detail: {
          summary: 'Change a speciality',
          description: 'Makes it say what is given, as a whole; a retired one comes back into use.',
          tags: ['Catalogue'],
          operationId: 'changeSpeciality',
        },
      },
    )
