import { randomBytes } from 'node:crypto'
import { dateTimeOut } from '@channelling/contract'
import { created, envelope, identityOf, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../app'
import { TICKET_BYTES, TICKET_LIFETIME_MS } from '../rules/ticket'
import { saveTicket } from '../store/tickets'

const issued = z.object({
  ticket: z.string().meta({ description: 'Goes into `?access_token=` of the socket. It works once.' }),
  expiresAt: dateTimeOut,
})

export const issueTicketEndpoint = ({
  database,
  calendar,
  clock,
  secret,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'secret'>) =>
  new Elysia().use(identityOf(secret)).post(
    '/api/notifications/tickets',
    async ({ caller, set }) => {
      const now = clock()
      const expiresAt = now + TICKET_LIFETIME_MS
      const ticket = randomBytes(TICKET_BYTES).toString('base64url')
      await saveTicket(database, ticket, { caller, expiresAt }, now)
      set.status = 201
      set.headers.location = '/ws/notify'
      set.headers['cache-control'] = 'no-store'
      return created({ ticket, expiresAt: calendar.format(expiresAt) })
    },
    {
      scope: 'notifications:read',
      parse: jsonBody,
      body: schema(z.strictObject({}).nullish()),
      response: { 201: envelope(issued, 201), ...refusals() },
      detail: {
        summary: 'Issue a ticket for the socket',
        description:
          'A browser cannot send the `Finance` header with a WebSocket. It connects to `/ws/notify?access_token=<ticket>` instead, with a ticket that its own server asked for here. A ticket works once, for 60 seconds.',
        tags: ['Notifications'],
        operationId: 'issueTicket',
      },
    },
  )
