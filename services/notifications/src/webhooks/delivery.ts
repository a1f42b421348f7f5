import type { Calendar } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import { sentEvent } from '../framing'
import { type StreamState, writePosition } from '../rules/position'
import { seesWhole } from '../rules/visibility'
import { eventsAfter, type StreamEvent, streamState } from '../store/outbox'
import { type ActiveWebhook, accessOf, type NewDelivery } from './store/work'

/** What is sent of an event, to a client that may see it whole or not. */
export const messageOf = (
  event: StreamEvent,
  owner: Pick<ActiveWebhook, 'clientId' | 'access'>,
  calendar: Calendar,
): string => JSON.stringify(sentEvent(event, seesWhole(owner, event), calendar))

export const deliveryOf = (
  event: StreamEvent,
  epoch: string,
  owner: Pick<ActiveWebhook, 'clientId' | 'access'>,
  calendar: Calendar,
): NewDelivery => ({
  messageId: `${epoch}:${event.seq}`,
  seq: event.seq,
  type: event.type,
  sessionId: event.sessionId,
  message: messageOf(event, owner, calendar),
})

/** Tells a receiver that it missed something: the outbox no longer goes back to where it had been told. */
export const resync = ({ epoch, last }: StreamState): NewDelivery => ({
  messageId: `${epoch}:${last}:resync`,
  seq: null,
  type: 'webhook.resync',
  sessionId: 0,
  message: JSON.stringify({ type: 'webhook.resync', epoch, seq: last }),
})

/** What was sent, once more; null where it is no longer kept. */
export async function messageAgain(
  database: Pick<Database, 'read'>,
  { messageId, seq }: Pick<NewDelivery, 'messageId' | 'seq'>,
  webhook: { clientId: number },
  calendar: Calendar,
): Promise<string | null> {
  if (seq === null) return null
  const { epoch } = await streamState(database)
  const [event] =
    messageId === writePosition({ epoch, seq }) ? await eventsAfter(database, { after: seq - 1, limit: 1 }) : []
  const access = await accessOf(database, webhook.clientId)
  return event?.seq === seq ? messageOf(event, { clientId: webhook.clientId, access }, calendar) : null
}
