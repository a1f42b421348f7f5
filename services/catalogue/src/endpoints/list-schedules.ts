import { idInText, paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findSchedules } from '../store/schedules'
import { schedule, scheduleView } from './shapes/schedule'

export const listSchedules = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia().use(identity).get(
    '/api/channel/schedules',
    async ({ query: { page, size, ...filter } }) => {
      const { rows, total } = await findSchedules(database, filter, { page, size })
      return listed(
        rows.map((found) => scheduleView(found, calendar)),
        { page, size, total },
      )
    },
    {
      scope: 'catalogue:read',
      query: schema(z.strictObject({ consultantId: idInText.optional(), hospitalId: idInText.optional(), ...paging })),
      response: { ...unchanged, 200: listEnvelope(schedule), ...refusals() },
      detail: {
        summary: 'List schedules',
        description: 'The weekly templates in use, by consultant, weekday and start.',
        tags: ['Catalogue'],
        operationId: 'listSchedules',
      },
    },
  )
