import { type Calendar, dateTime, flagInText, idInText, paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { searchRange } from '../rules/range'
import { findSessions } from '../store/sessions'
import { session, sessionView } from './shapes/session'

const read = (calendar: Calendar, text: string | undefined, path: string, plainDate: 'start' | 'end') =>
  text === undefined ? undefined : calendar.read(text, path, plainDate)

export const listSessions = ({
  database,
  calendar,
  clock,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity'>) =>
  new Elysia().use(identity).get(
    '/api/channel/sessions',
    async ({ query: { page, size, fromDate, toDate, ...filter } }) => {
      const now = clock()
      const asked = {
        from: read(calendar, fromDate, 'query.fromDate', 'start'),
        to: read(calendar, toDate, 'query.toDate', 'end'),
      }
      const range = searchRange(asked, now, calendar)
      const { sessions, total } = await findSessions(database, { ...filter, ...range }, { page, size }, now)
      return listed(
        sessions.map((found) => sessionView(found, now, calendar)),
        { page, size, total },
      )
    },
    {
      scope: 'catalogue:read',
      query: schema(
        z.strictObject({
          consultantId: idInText.optional(),
          specialityId: idInText.optional(),
          hospitalId: idInText.optional(),
          fromDate: dateTime.optional(),
          toDate: dateTime.optional(),
          bookable: flagInText.optional(),
          ...paging,
        }),
      ),
      response: { ...unchanged, 200: listEnvelope(session), ...refusals() },
      detail: {
        summary: 'Find sessions',
        description:
          'Those that start within the range, by start time, whatever their status. A plain `toDate` is the end of that day. ' +
          'Without `fromDate` from today 00:00 on, and without `toDate` until the end of the 30th day after the first: a `fromDate` alone means ' +
          '30 days from it.',
        tags: ['Catalogue'],
        operationId: 'listSessions',
      },
    },
  )
