import { addDays, type Calendar, type Instant, invalidField } from '@channelling/contract'

/** How far ahead a search looks when it does not say. */
export const SEARCH_DAYS = 30

/** Both ends belong to the range. */
export interface Range {
  from: Instant
  to: Instant
}

/**
 * The range of a search: without a beginning from today, midnight; without an end until the end of the 30th day after it.
 * @throws Refusal `invalid_request` when it ends before it begins
 */
export function searchRange(asked: { from?: Instant; to?: Instant }, now: Instant, calendar: Calendar): Range {
  const from = asked.from ?? calendar.startOf(calendar.dayOf(now))
  const to = asked.to ?? calendar.endOf(addDays(calendar.dayOf(from), SEARCH_DAYS))
  if (from > to) throw invalidField('query.toDate', 'must not be before fromDate, which is today when it is not given')
  return { from, to }
}
