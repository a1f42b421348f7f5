/** What kind of refusal a reason is. The HTTP kit maps each kind to its status. */
export type Kind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'wrong_method'
  | 'conflict'
  | 'too_large'
  | 'wrong_type'
  | 'mismatch'
  | 'too_many'
  | 'internal'
  | 'unavailable'

/** Every `reason` an error can carry. Reasons are stable; messages may be reworded. */
export const reasons = {
  invalid_request: { kind: 'invalid', about: 'A parameter or property is missing, unknown or malformed; see `fields`' },
  malformed_json: { kind: 'invalid', about: 'The body is not JSON' },
  key_ambiguous: { kind: 'invalid', about: 'Two keys were sent: different ones, or one header twice' },
  key_missing: { kind: 'unauthenticated', about: 'No key was sent' },
  key_unknown: { kind: 'unauthenticated', about: 'The key was never issued' },
  key_inactive: { kind: 'unauthenticated', about: 'The key, or its client, is switched off' },
  key_expired: { kind: 'unauthenticated', about: 'The key is past its expiry' },
  key_retired: { kind: 'unauthenticated', about: 'The key was retired for good' },
  identity_invalid: { kind: 'unauthenticated', about: 'A service was called other than through the gateway' },
  ticket_invalid: { kind: 'unauthenticated', about: 'The ticket was used, has expired or was never issued' },
  scope_missing: { kind: 'forbidden', about: 'The key lacks the scope that the operation needs' },
  origin_not_allowed: { kind: 'forbidden', about: 'Web pages of this origin may not open sockets' },
  no_such_path: { kind: 'not_found', about: 'There is nothing at this path' },
  speciality_not_found: { kind: 'not_found', about: 'No such speciality' },
  hospital_not_found: { kind: 'not_found', about: 'No such hospital' },
  consultant_not_found: { kind: 'not_found', about: 'No such consultant' },
  schedule_not_found: { kind: 'not_found', about: 'No such schedule' },
  session_not_found: { kind: 'not_found', about: 'No such session' },
  patient_not_found: { kind: 'not_found', about: 'No such patient' },
  booking_not_found: { kind: 'not_found', about: 'No such booking, or not one this client may see' },
  webhook_not_found: { kind: 'not_found', about: 'No such webhook, or not one this client may see' },
  delivery_not_found: { kind: 'not_found', about: 'No such delivery of this webhook, or not any more' },
  client_not_found: { kind: 'not_found', about: 'No such API client' },
  key_not_found: { kind: 'not_found', about: 'No such key' },
  method_not_allowed: { kind: 'wrong_method', about: 'The path exists, the method does not; see `Allow`' },
  session_full: { kind: 'conflict', about: 'Every place of the session is taken' },
  session_not_bookable: { kind: 'conflict', about: 'The session takes no bookings in its present status' },
  number_taken: { kind: 'conflict', about: 'That reserved number is given already' },
  too_many_holds: { kind: 'conflict', about: 'The client holds as many places as it may; complete or cancel one' },
  too_many_webhooks: { kind: 'conflict', about: 'The client has as many webhooks as it may; delete one' },
  event_gone: { kind: 'conflict', about: 'What was sent is no longer kept, so it cannot be sent again' },
  status_not_allowed: { kind: 'conflict', about: 'The session cannot go from its present status to that one' },
  booking_not_active: { kind: 'conflict', about: 'The booking is already cancelled, seen, absent or not held' },
  booking_expired: { kind: 'conflict', about: 'The hold ran out' },
  same_session: { kind: 'conflict', about: 'The booking is already in that session' },
  reference_used: { kind: 'conflict', about: 'The client used this reference before' },
  request_in_progress: { kind: 'conflict', about: 'The first request with this Idempotency-Key is still running' },
  already_exists: { kind: 'conflict', about: 'There is one of that name already; see `existing`' },
  patient_exists: { kind: 'conflict', about: 'The patient is registered already; see `existing`' },
  in_use: { kind: 'conflict', about: 'Something else still depends on it' },
  capacity_below_taken: { kind: 'conflict', about: 'More places are taken than the new capacity would hold' },
  last_admin_key: {
    kind: 'conflict',
    about: 'The last working admin key cannot be taken out of use: another one has to work for as long, or for 7 days',
  },
  body_too_large: { kind: 'too_large', about: 'The body is over 64 KiB' },
  unsupported_media_type: {
    kind: 'wrong_type',
    about: 'The body is not `application/json` in UTF-8, or is compressed',
  },
  idempotency_key_reused: { kind: 'mismatch', about: 'The Idempotency-Key was used with another request' },
  rate_limited: {
    kind: 'too_many',
    about: 'Too many requests with this key, or too many wrong keys from this address; see `Retry-After`',
  },
  too_many_sockets: {
    kind: 'too_many',
    about: 'This key, or this address, has as many open sockets as it may; see `Retry-After`',
  },
  overloaded: { kind: 'unavailable', about: 'Too much is waiting; see `Retry-After`' },
  service_unavailable: { kind: 'unavailable', about: 'The service behind this path is down' },
  internal_error: { kind: 'internal', about: 'A fault on our side; quote the `requestId`' },
} as const satisfies Record<string, { kind: Kind; about: string }>

export type Reason = keyof typeof reasons
