import { idInText } from '@channelling/contract'
import { envelope, jsonBody, refusals, schema, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { changeSchedule } from '../store/schedules'
import { schedule, scheduleBody, scheduleGiven, scheduleView } from './shapes/schedule'

export const changeScheduleEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia()
    .use(identity)
    .put(
      '/api/channel/schedules/:id',
      async ({ params: { id }, body }) =>
        success(scheduleView(await changeSchedule(database, id, scheduleGiven(body)), calendar)),
      {
        scope: 'catalogue:write',
        parse: jsonBody,
        params: schema(z.object({ id: idInText })),
        body: schema(scheduleBody),
        response: {
          200: envelope(schedule),
          ...refusals('schedule_not_found', 'already_exists', 'consultant_not_found', 'hospital_not_found'),
        },
        detail: {
          summary: 'Change a schedule',
          description:
            'Makes it say what is given, as a whole; a retired one comes back into use. Sessions that are published already stay as they are.',
          tags: ['Catalogue'],
          operationId: 'changeSchedule',
        },
      },
    )
