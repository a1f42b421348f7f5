import type { AuditRecord, ClientRecord, DayUsage, KeyRecord } from '@channelling/access'
import { accesses, type Calendar, dateTimeOut, type Instant, scopes, text } from '@channelling/contract'
import { z } from 'zod'

/** What a request says of a client. */
export const clientName = text(100)
export const clientContact = text(200).nullable()
export const clientAccess = z.enum(accesses)

export const client = z.object({
  id: z.int(),
  name: z.string(),
  contact: z.string().nullable(),
  access: z.enum(accesses),
  createdAt: dateTimeOut,
  disabledAt: dateTimeOut.nullable(),
})

export const key = z.object({
  id: z.int(),
  clientId: z.int(),
  client: z.string(),
  prefix: z.string().meta({ description: 'The first characters of the key' }),
  last4: z.string().meta({ description: 'The last four characters of the key' }),
  scopes: z.array(z.enum(scopes)),
  createdAt: dateTimeOut,
  expiresAt: dateTimeOut.meta({ description: 'The first moment at which the key no longer works' }),
  active: z.boolean(),
  retiredAt: dateTimeOut.nullable().meta({ description: 'May be ahead of now, while a rotation overlaps' }),
  lastUsedAt: dateTimeOut.nullable().meta({ description: 'To within about a minute' }),
})

export const issuedKey = key.extend({
  key: z.string().meta({ description: 'The key itself; shown in this answer only' }),
})

export const auditEntry = z.object({
  id: z.int(),
  at: dateTimeOut,
  clientId: z.int().nullable().meta({ description: 'The client that acted; null for the command line' }),
  keyId: z.int().nullable(),
  action: z.string(),
  subject: z.string().meta({ example: 'key 12' }),
  origin: z.string().meta({ description: 'An address, or `command line`' }),
})

export const dayUsage = z.object({
  day: dateTimeOut.meta({
    description: 'The start of the day in the zone of the hospital',
    example: '2026-05-18 00:00:00',
  }),
  requests: z.int().min(0),
})

const formatted = (calendar: Calendar, at: Instant | null) => (at === null ? null : calendar.format(at))

export const clientView = (of: ClientRecord, calendar: Calendar) => ({
  ...of,
  createdAt: calendar.format(of.createdAt),
  disabledAt: formatted(calendar, of.disabledAt),
})

export const keyView = <Key extends KeyRecord>(of: Key, calendar: Calendar) => ({
  ...of,
  createdAt: calendar.format(of.createdAt),
  expiresAt: calendar.format(of.expiresAt),
  retiredAt: formatted(calendar, of.retiredAt),
  lastUsedAt: formatted(calendar, of.lastUsedAt),
})

export const dayUsageView = ({ day, requests }: DayUsage, calendar: Calendar) => ({
  day: calendar.format(calendar.startOf(day)),
  requests,
})

export const auditView = (of: AuditRecord, calendar: Calendar) => ({ ...of, at: calendar.format(of.at) })

/** The key that a request is about is retired: a conflict, where for the key that makes the request it is a failed authentication. */
export const retiredForGood = { reason: 'key_retired', kind: 'conflict' } as const
