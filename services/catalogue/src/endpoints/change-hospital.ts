import { idInText } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { changeHospital } from '../store/hospitals'
import { hospitalBody, hospitalGiven, hospitalRecord, recordView } from './shapes/directory'

export const changeHospitalEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .put(
      '/api/channel/hospitals/:id',
      async ({ params: { id }, body }) =>
        success(recordView(await changeHospital(database, id, hospitalGiven(body)), calendar)),
      {
        scope: 'catalogue:write',
        parse: jsonBody,
        params: schema(z.object({ id: idInText })),
        body: schema(hospitalBody),
        response: { 200: envelope(hospitalRecord), ...refusals('hospital_not_found', 'already_exists') },
        detail: {
          summary: 'Change a hospital',
          description: 'Makes it say what is given, as a whole; a retired one comes back into use.',
          tags: ['Catalogue'],
          operationId: 'changeHospital',
        },
      },
    )
