import { paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findSpecialities } from '../store/specialities'
import { query, speciality } from './shapes/directory'

export const listSpecialities = ({ database, identity }: Pick<Dependencies, 'database' | 'identity'>) =>
  new Elysia().use(identity).get(
    '/api/channel/specialities',
    async ({ query: { query, page, size } }) => {
      const { rows, total } = await findSpecialities(database, query, { page, size })
      return listed(rows, { page, size, total })
    },
    {
      scope: 'catalogue:read',
      query: schema(z.strictObject({ query, ...paging })),
      response: { ...unchanged, 200: listEnvelope(speciality), ...refusals() },
      detail: {
        summary: 'List specialities',
        description: 'Those in use, by name.',
        tags: ['Catalogue'],
        operationId: 'listSpecialities',
      },
    },
  )
