import { type Calendar, type Instant, invalidField, isDay } from '@channelling/contract'

/**
 * The first instant at which a key given until `text` no longer works. A plain date is the last day on which it works.
 * @throws Refusal `invalid_request` naming `path` when there is no such date, or when it is not ahead of `now`
 */
export function expiryOf(text: string, path: string, calendar: Calendar, now: Instant): Instant {
  const expiry = isDay(text) ? calendar.read(text, path, 'end') + 1 : calendar.read(text, path)
  if (expiry <= now) throw invalidField(path, 'must be in the future')
  return expiry
}
