import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findHospital } from '../store/hospitals'
import { hospitalRecord, recordView } from './shapes/directory'

export const getHospital = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .get(
      '/api/channel/hospitals/:id',
      async ({ params: { id } }) => success(recordView(await findHospital(database, id), calendar)),
      {
        scope: 'catalogue:read',
        params: schema(z.object({ id: idInText })),
        response: { ...unchanged, 200: envelope(hospitalRecord), ...refusals('hospital_not_found') },
        detail: {
          summary: 'Show a hospital',
          description: 'One that is retired too, since what is past may refer to it.',
          tags: ['Catalogue'],
          operationId: 'getHospital',
        },
      },
    )
