import { listKeys } from '@channelling/access'
import { idInText, paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { key, keyView } from './shapes'

export const listKeysEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia().use(identity).get(
    '/api/admin/keys',
    async ({ query }) => {
      const { keys, total } = await listKeys(database, query)
      return listed(
        keys.map((one) => keyView(one, calendar)),
        { page: query.page, size: query.size, total },
      )
    },
    {
      scope: 'admin',
      query: schema(z.strictObject({ clientId: idInText.optional(), ...paging })),
      response: { 200: listEnvelope(key), ...refusals() },
      detail: {
        summary: 'List the keys',
        description: 'Of one client or of all, newest first, in whatever state. None of them can be shown whole again.',
        tags: ['Administration'],
        operationId: 'listKeys',
      },
    },
  )
