import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../dependencies'
import { addSchedule } from '../store/schedules'
import { schedule, scheduleBody, scheduleGiven, scheduleView } from './shapes/schedule'

export const addScheduleEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia().use(identity).post(
    '/api/channel/schedules',
    async ({ body, set }) => {
      const added = await addSchedule(database, scheduleGiven(body))
      set.status = 201
      set.headers.location = `/api/channel/schedules/${added.id}`
      return created(scheduleView(added, calendar))
    },
    {
      scope: 'catalogue:write',
      parse: jsonBody,
      body: schema(scheduleBody),
      response: {
        201: envelope(schedule, 201),
        ...refusals('already_exists', 'consultant_not_found', 'hospital_not_found'),
      },
      detail: {
        summary: 'Add a schedule',
        description:
          'Refused where there is one of that consultant, hospital, weekday and start already, a retired one too. It is published by the next publication of sessions.',
        tags: ['Catalogue'],
        operationId: 'addSchedule',
      },
    },
  )
