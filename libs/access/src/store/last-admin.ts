import { DAY_MS, Refusal } from '@channelling/contract'

/** For how long a key has to go on working to stay in place of one that would have worked for longer. */
const STAYS_DAYS = 7

/** SQL: the key `k` of the client `c` works at the instant `now` and may administer. */
const administers = (now: string) =>
  `k.active = 1 AND k.expires_at > ${now} AND (k.retired_at IS NULL OR k.retired_at > ${now}) AND c.disabled_at IS NULL
    AND EXISTS (SELECT 1 FROM json_each(k.scopes) WHERE value = 'admin')`

const keys = 'api_key k JOIN client c ON c.id = k.client_id'

/**
 * SQL, for the WHERE of the very update that takes keys out of use, so that two at once cannot both take the last: none of
 * those keys administers, or one that stays does, for as long as they would have or for seven days. A key whose retirement is
 * settled already does not count as staying.
 * @param taken condition on `k` and `c` that tells the keys to be taken out of use
 * @param now the placeholder of the instant
 */
export const leavesAnAdminKey = (taken: string, now: string) => {
  const takenUntil = `SELECT max(min(k.expires_at, coalesce(k.retired_at, k.expires_at))) FROM ${keys}
      WHERE (${taken}) AND ${administers(now)}`
  return `(NOT EXISTS (SELECT 1 FROM ${keys} WHERE (${taken}) AND ${administers(now)})
    OR EXISTS (SELECT 1 FROM ${keys} WHERE NOT (${taken}) AND k.retired_at IS NULL AND ${administers(now)}
      AND k.expires_at >= min(${now} + ${STAYS_DAYS * DAY_MS}, (${takenUntil}))))`
}

export const lastAdminKey = () =>
  new Refusal(
    'last_admin_key',
    `The last admin key stays: no other works for as long, or for ${STAYS_DAYS} days. Issue one first`,
  )
