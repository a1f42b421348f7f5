import { listAudit } from '@channelling/access'
import { dateTime, paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { auditEntry, auditView } from './shapes'

export const readAuditEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia().use(identity).get(
    '/api/admin/audit',
    async ({ query: { from, to, page, size } }) => {
      const range = {
        from: from === undefined ? 0 : calendar.read(from, 'query.from'),
        to: to === undefined ? Number.MAX_SAFE_INTEGER : endOfSecond(to, calendar.read(to, 'query.to', 'end')),
      }
      const { records, total } = await listAudit(database, { ...range, page, size })
      return listed(
        records.map((record) => auditView(record, calendar)),
        { page, size, total },
      )
    },
    {
      scope: 'admin',
      query: schema(z.strictObject({ from: dateTime.optional(), to: dateTime.optional(), ...paging })),
      response: { 200: listEnvelope(auditEntry), ...refusals() },
      detail: {
        summary: 'Read the audit',
        description:
          'Who did what, to what, when and from where, newest first. `from` and `to` are both included; a plain date in `to` includes that whole day.',
        tags: ['Administration'],
        operationId: 'readAudit',
      },
    },
  )

/** Answers show whole seconds, so the second that `to` names belongs to the range as a whole. */
const endOfSecond = (text: string, instant: number) => (text.length > 'yyyy-MM-dd'.length ? instant + 999 : instant)
