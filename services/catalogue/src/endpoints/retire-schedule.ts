import { idInText } from '@channelling/contract'
import { envelope, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { retireSchedule } from '../store/schedules'
import { schedule, scheduleView } from './shapes/schedule'

export const retireScheduleEndpoint = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .delete(
      '/api/channel/schedules/:id',
      async ({ params: { id } }) => success(scheduleView(await retireSchedule(database, id, clock()), calendar)),
      {
        scope: 'catalogue:write',
        params: schema(z.object({ id: idInText })),
        response: { 200: envelope(schedule), ...refusals('schedule_not_found') },
        detail: {
          summary: 'Retire a schedule',
          description:
            'Nothing is published from it any more; what was published stays. Retiring it again does nothing.',
          tags: ['Catalogue'],
          operationId: 'retireSchedule',
        },
      },
    )
