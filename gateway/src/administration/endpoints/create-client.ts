import { createClient } from '@channelling/access'
import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { actOf } from '../act'
import type { Dependencies } from '../dependencies'
import { client, clientAccess, clientContact, clientName, clientView } from './shapes'

export const createClientEndpoint = ({
  identity,
  database,
  calendar,
  clock,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar' | 'clock'>) =>
  new Elysia().use(identity).post(
    '/api/admin/clients',
    async ({ body: { name, contact = null, access }, caller, request, set }) => {
      const record = await createClient(database, { name, contact, access }, actOf(caller, request, clock()))
      set.status = 201
      set.headers.location = `/api/admin/clients/${record.id}`
      return created(clientView(record, calendar))
    },
    {
      scope: 'admin',
      parse: jsonBody,
      body: schema(
        z.strictObject({ name: clientName, contact: clientContact.optional(), access: clientAccess.default('own') }),
      ),
      response: { 201: envelope(client, 201), ...refusals('already_exists') },
      detail: {
        summary: 'Register an API client',
        description:
          'An application that integrates with the hospital. With `access` `own`, the default, it sees and changes only the bookings it made; with `all` those of the whole hospital. A second client of one name is refused.',
        tags: ['Administration'],
        operationId: 'createClient',
      },
    },
  )
