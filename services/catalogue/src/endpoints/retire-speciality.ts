import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { retireSpeciality } from '../store/specialities'
import { recordView, specialityRecord } from './shapes/directory'

export const retireSpecialityEndpoint = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .delete(
      '/api/channel/specialities/:id',
      async ({ params: { id } }) => success(recordView(await retireSpeciality(database, id, clock()), calendar)),
      {
        scope: 'catalogue:write',
        params: schema(z.object({ id: idInText })),
        response: { 200: envelope(specialityRecord), ...refusals('speciality_not_found', 'in_use') },
        detail: {
          summary: 'Retire a speciality',
          description:
            'It is not listed any more, and never erased. Refused while a consultant of it is in use. Retiring it again does nothing.',
          tags: ['Catalogue'],
          operationId: 'retireSpeciality',
        },
      },
    )
