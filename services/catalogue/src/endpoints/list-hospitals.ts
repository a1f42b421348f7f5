import { paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findHospitals } from '../store/hospitals'
import { hospital, query } from './shapes/directory'

export const listHospitals = ({ database, identity }: Pick<Dependencies, 'database' | 'identity'>) =>
  new Elysia().use(identity).get(
    '/api/channel/hospitals',
    async ({ query: { query, page, size } }) => {
      const { rows, total } = await findHospitals(database, query, { page, size })
      return listed(rows, { page, size, total })
    },
    {
      scope: 'catalogue:read',
      query: schema(z.strictObject({ query, ...paging })),
      response: { ...unchanged, 200: listEnvelope(hospital), ...refusals() },
      detail: {
        summary: 'List hospitals',
        description: 'Those in use, by name.',
        tags: ['Catalogue'],
        operationId: 'listHospitals',
      },
    },
  )
