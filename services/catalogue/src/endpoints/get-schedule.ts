import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findSchedule } from '../store/schedules'
import { schedule, scheduleView } from './shapes/schedule'

export const getSchedule = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .get(
      '/api/channel/schedules/:id',
      async ({ params: { id } }) => success(scheduleView(await findSchedule(database, id), calendar)),
      {
        scope: 'catalogue:read',
        params: schema(z.object({ id: idInText })),
        response: { ...unchanged, 200: envelope(schedule), ...refusals('schedule_not_found') },
        detail: {
          summary: 'Show a schedule',
          description: 'One that is retired too, since what is past may refer to it.',
          tags: ['Catalogue'],
          operationId: 'getSchedule',
        },
      },
    )
