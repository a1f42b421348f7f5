import { refusals, schema } from '@channelling/http'
import { socketQuery } from '@channelling/notifications'
import { answer, type JsonObject, operation } from '../documents'

export const SOCKET_PATH = '/ws/notify'

/** A handshake has no body and waits for nobody. */
const statuses = new Set(['400', '401', '403', '405', '429', '500', '503'])

const refused = Object.entries(refusals('ticket_invalid', 'origin_not_allowed', 'too_many_sockets'))
  .filter(([status]) => statuses.has(status))
  .map(([status, schema]) => [status, answer(schema)])

const { properties } = schema(socketQuery) as object as { properties: Record<string, JsonObject> }
const parameters = Object.entries(properties).map(([name, { description = '', ...printed }]) => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: printed,
}))

/** What the merged document says of the socket. */
export const socketOperation = operation('GET', SOCKET_PATH, {
  operationId: 'subscribe',
  summary: 'Hear of bookings as they happen, over a WebSocket',
  description:
    'Upgrades to a WebSocket that sends text frames such as `Online Booking Completed - 12` and `Online Booking Cancelled - 12`, where the number is the id of the session. With the subprotocol `channelling.v1+json` it sends JSON frames, which can be resumed by `?from=` and chosen by `?sessionId=` and `?consultantId=`. A browser connects with a ticket as `access_token`.',
  tags: ['Notifications'],
  security: [{ Finance: [] }, { Bearer: [] }, { Ticket: [] }],
  'x-scope': 'notifications:read',
  parameters,
  responses: { '101': { description: 'The socket is open' }, ...Object.fromEntries(refused) },
})
