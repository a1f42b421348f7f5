import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findConsultant } from '../store/consultant-records'
import { consultantRecord, recordView } from './shapes/directory'

export const getConsultant = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .get(
      '/api/channel/consultants/:id',
      async ({ params: { id } }) => success(recordView(await findConsultant(database, id), calendar)),
      {
        scope: 'catalogue:read',
        params: schema(z.object({ id: idInText })),
        response: { ...unchanged, 200: envelope(consultantRecord), ...refusals('consultant_not_found') },
        detail: {
          summary: 'Show a consultant',
          description: 'One that is retired too, since what is past may refer to it.',
          tags: ['Catalogue'],
          operationId: 'getConsultant',
        },
      },
    )
