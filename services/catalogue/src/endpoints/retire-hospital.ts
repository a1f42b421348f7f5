import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { retireHospital } from '../store/hospitals'
import { hospitalRecord, recordView } from './shapes/directory'

export const retireHospitalEndpoint = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .delete(
      '/api/channel/hospitals/:id',
      async ({ params: { id } }) => success(recordView(await retireHospital(database, id, clock()), calendar)),
      {
        scope: 'catalogue:write',
        params: schema(z.object({ id: idInText })),
        response: { 200: envelope(hospitalRecord), ...refusals('hospital_not_found', 'in_use') },
        detail: {
          summary: 'Retire a hospital',
          description:
            'It is not listed any more, and never erased. Refused while it has a schedule in use or an open session to come. Retiring it again does nothing.',
          tags: ['Catalogue'],
          operationId: 'retireHospital',
        },
      },
    )
