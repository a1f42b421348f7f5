import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findSpeciality } from '../store/specialities'
import { recordView, specialityRecord } from './shapes/directory'

export const getSpeciality = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .get(
      '/api/channel/specialities/:id',
      async ({ params: { id } }) => success(recordView(await findSpeciality(database, id), calendar)),
      {
        scope: 'catalogue:read',
        params: schema(z.object({ id: idInText })),
        response: { ...unchanged, 200: envelope(specialityRecord), ...refusals('speciality_not_found') },
        detail: {
          summary: 'Show a speciality',
          description: 'One that is retired too, since what is past may refer to it.',
          tags: ['Catalogue'],
          operationId: 'getSpeciality',
        },
      },
    )
