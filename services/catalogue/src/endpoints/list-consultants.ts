import { idInText, paging } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findConsultants } from '../store/consultants'
import { consultant, query } from './shapes/directory'

export const listConsultants = ({ database, identity }: Pick<Dependencies, 'database' | 'identity'>) =>
  new Elysia().use(identity).get(
    '/api/channel/consultants',
    async ({ query: { page, size, ...filter } }) => {
      const { rows, total } = await findConsultants(database, filter, { page, size })
      return listed(rows, { page, size, total })
    },
    {
      scope: 'catalogue:read',
      query: schema(
        z.strictObject({ specialityId: idInText.optional(), hospitalId: idInText.optional(), query, ...paging }),
      ),
      response: { ...unchanged, 200: listEnvelope(consultant), ...refusals() },
      detail: {
        summary: 'Find consultants',
        description:
          'Those in use, by name, with the hospitals where they see patients. `query` is a part of the name or the registration.',
        tags: ['Catalogue'],
        operationId: 'listConsultants',
      },
    },
  )
