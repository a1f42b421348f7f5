import { findKey, listUsage } from '@channelling/access'
import { dateTime, idInText, paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { dayUsage, dayUsageView } from './shapes'

const FIRST_DAY = '0000-01-01'
const LAST_DAY = '9999-12-31'

export const readKeyUsageEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia().use(identity).get(
    '/api/admin/keys/:id/usage',
    async ({ params, query: { fromDate, toDate, page, size } }) => {
      const { id: keyId } = await findKey(database, params.id)
      const dayOf = (text: string, path: string) => calendar.dayOf(calendar.read(text, path))
      const range = {
        from: fromDate === undefined ? FIRST_DAY : dayOf(fromDate, 'query.fromDate'),
        to: toDate === undefined ? LAST_DAY : dayOf(toDate, 'query.toDate'),
      }
      const { days, total } = await listUsage(database, { keyId, ...range, page, size })
      return listed(
        days.map((day) => dayUsageView(day, calendar)),
        { page, size, total },
      )
    },
    {
      scope: 'admin',
      params: schema(z.object({ id: idInText })),
      query: schema(z.strictObject({ fromDate: dateTime.optional(), toDate: dateTime.optional(), ...paging })),
      response: { 200: listEnvelope(dayUsage), ...refusals('key_not_found') },
      detail: {
        summary: 'Read how much a key was used',
        description:
          'The requests of each day on which there were any, latest day first, from the day of `fromDate` to the day of `toDate`. Every request that the key was let in with counts, refused or not; the last minute may be missing.',
        tags: ['Administration'],
        operationId: 'getKeyUsage',
      },
    },
  )
