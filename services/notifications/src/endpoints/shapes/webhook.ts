import { type Calendar, dateTimeOut, eventTypes, type Instant, idInText, positiveId, text } from '@channelling/contract'
import { envelope, refusals, schema } from '@channelling/http'
import { z } from 'zod'
import { writePosition } from '../../rules/position'
import { failures } from '../../webhooks/post'
import { URL_CHARACTERS_MAX } from '../../webhooks/rules/receiver-url'
import { type DeliveryRecord, deliveryStatuses } from '../../webhooks/store/deliveries'
import { pauseReasons, type WebhookRecord } from '../../webhooks/store/webhooks'

const IDS_MAX = 100

/** What a request says of a webhook. */
export const webhookUrl = text(URL_CHARACTERS_MAX).meta({
  description:
    'Where messages are posted to: `https://`, reachable on the internet, without user name, password or fragment',
  example: 'https://app.example.org/hooks',
})
export const webhookDescription = text(200).nullable()
const ids = z.array(positiveId).min(1, 'must name one at least').max(IDS_MAX, `must name at most ${IDS_MAX}`)
export const webhookFilters = {
  sessionIds: ids
    .nullable()
    .optional()
    .meta({ description: 'Only what happens in these sessions, or with these consultants' }),
  consultantIds: ids.nullable().optional(),
  types: z
    .array(z.enum(eventTypes))
    .min(1, 'must name one at least')
    .max(eventTypes.length, `must name at most ${eventTypes.length}`)
    .nullable()
    .optional()
    .meta({ description: 'Only events of these types' }),
}

export const webhook = z.object({
  id: z.int(),
  clientId: z.int(),
  url: z.string(),
  description: z.string().nullable(),
  sessionIds: z.array(z.int()).nullable(),
  consultantIds: z.array(z.int()).nullable(),
  types: z.array(z.string()).nullable(),
  createdAt: dateTimeOut,
  pausedAt: dateTimeOut.nullable(),
  pauseReason: z.enum(pauseReasons).nullable().meta({
    description:
      '`asked` for; the receiver answered 410, `gone`; or nothing but failures came of it for five days, `failing`',
  }),
  failingSince: dateTimeOut.nullable().meta({ description: 'Since when nothing but failures came of it' }),
  previousSecretUntil: dateTimeOut.nullable().meta({ description: 'Until when the secret of before signs, too' }),
  waiting: z.int().min(0).meta({ description: 'Messages that are yet to arrive' }),
  position: z.string().meta({ description: '`<epoch>:<seq>` up to which events were taken up', example: '9f2c:1042' }),
})

/** What a request about one webhook takes, and what it answers: the webhook as it is then. */
export const oneWebhook = {
  params: schema(z.object({ id: idInText })),
  response: { 200: envelope(webhook), ...refusals('webhook_not_found') },
}

export const webhookWithSecret = webhook.extend({
  secret: z
    .string()
    .meta({ description: 'Verifies the signatures. Shown in this answer only', example: 'whsec_MfKQ9r8GKYqrTwjU' }),
})

export const delivery = z.object({
  id: z.int(),
  messageId: z.string().meta({ description: 'The header `webhook-id` of the message', example: '9f2c:1042' }),
  type: z.string(),
  sessionId: z.int().nullable(),
  status: z.enum(deliveryStatuses),
  attempts: z.int().min(0),
  createdAt: dateTimeOut,
  nextAttemptAt: dateTimeOut
    .nullable()
    .meta({ description: 'Null while an earlier one of its session waits, and once it is done' }),
  lastAttemptAt: dateTimeOut.nullable(),
  httpStatus: z.int().nullable().meta({ description: 'What was answered to the last attempt; null where nothing was' }),
  failure: z.enum(failures).nullable(),
  durationMs: z.int().min(0).nullable(),
})

const formatted = (calendar: Calendar, at: Instant | null) => (at === null ? null : calendar.format(at))

export const webhookView = (of: WebhookRecord, calendar: Calendar, now: Instant) => ({
  id: of.id,
  clientId: of.clientId,
  url: of.url,
  description: of.description,
  sessionIds: of.sessionIds as number[] | null,
  consultantIds: of.consultantIds as number[] | null,
  types: of.types as string[] | null,
  createdAt: calendar.format(of.createdAt),
  pausedAt: formatted(calendar, of.pausedAt),
  pauseReason: of.pauseReason,
  failingSince: formatted(calendar, of.failingSince),
  previousSecretUntil: formatted(
    calendar,
    of.previousUntil !== null && of.previousUntil > now ? of.previousUntil : null,
  ),
  waiting: of.waiting,
  position: writePosition({ epoch: of.epoch, seq: of.cursor }),
})

export const deliveryView = (of: DeliveryRecord, calendar: Calendar) => ({
  id: of.id,
  messageId: of.messageId,
  type: of.type,
  sessionId: of.sessionId === 0 ? null : of.sessionId,
  status: of.status,
  attempts: of.attempts,
  createdAt: calendar.format(of.createdAt),
  nextAttemptAt: formatted(calendar, of.nextAt),
  lastAttemptAt: formatted(calendar, of.lastAt),
  httpStatus: of.httpStatus,
  failure: of.failure,
  durationMs: of.durationMs,
})
