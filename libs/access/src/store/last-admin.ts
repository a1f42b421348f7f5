import { Refusal } from '@channelling/contract'

/** SQL: the key `k` of the client `c` works at the instant `now` and may administer. */
const administers = (now: string) =>
  `k.active = 1 AND k.expires_at > ${now} AND (k.retired_at IS NULL OR k.retired_at > ${now}) AND c.disabled_at IS NULL
    AND EXISTS (SELECT 1 FROM json_each(k.scopes) WHERE value = 'admin')`

const keys = 'api_key k JOIN client c ON c.id = k.client_id'

/**
 * SQL, for the WHERE of the very update that takes keys out of use, so that two at once cannot both take the last: none of
 * those keys administers, or one that stays does. A key whose retirement is settled already does not count as staying.
 * @param taken condition on `k` and `c` that tells the keys to be taken out of use
 * @param now the placeholder of the instant
 */
export const leavesAnAdminKey = (taken: string, now: string) =>
  `(NOT EXISTS (SELECT 1 FROM ${keys} WHERE (${taken}) AND ${administers(now)})
    OR EXISTS (SELECT 1 FROM ${keys} WHERE NOT (${taken}) AND k.retired_at IS NULL AND ${administers(now)}))`

export const lastAdminKey = () =>
  new Refusal('last_admin_key', 'This is the last working admin key: issue another one first')
