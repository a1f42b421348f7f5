import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { retireConsultant } from '../store/consultant-records'
import { consultantRecord, recordView } from './shapes/directory'

export const retireConsultantEndpoint = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .delete(
      '/api/channel/consultants/:id',
      async ({ params: { id } }) => success(recordView(await retireConsultant(database, id, clock()), calendar)),
      {
        scope: 'catalogue:write',
        params: schema(z.object({ id: idInText })),
        response: { 200: envelope(consultantRecord), ...refusals('consultant_not_found', 'in_use') },
        detail: {
          summary: 'Retire a consultant',
          description:
            'It is not listed any more, and never erased. Refused while they have a schedule in use or an open session to come. Retiring it again does nothing.',
          tags: ['Catalogue'],
          operationId: 'retireConsultant',
        },
      },
    )
