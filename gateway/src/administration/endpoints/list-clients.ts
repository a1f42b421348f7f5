import { listClients } from '@channelling/access'
import { paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { client, clientView } from './shapes'

export const listClientsEndpoint = ({
  identity,
  database,
  calendar,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar'>) =>
  new Elysia().use(identity).get(
    '/api/admin/clients',
    async ({ query }) => {
      const { clients, total } = await listClients(database, query)
      return listed(
        clients.map((one) => clientView(one, calendar)),
        { ...query, total },
      )
    },
    {
      scope: 'admin',
      query: schema(z.strictObject(paging)),
      response: { 200: listEnvelope(client), ...refusals() },
      detail: {
        summary: 'List the API clients',
        description: 'In the order in which they were registered, disabled ones included.',
        tags: ['Administration'],
        operationId: 'listClients',
      },
    },
  )
