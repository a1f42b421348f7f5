import type { JsonObject } from './documents'

const text = (description: string) => ({ description, schema: { type: 'string' } })
const count = (description: string, range: object = {}) => ({ description, schema: { type: 'integer', ...range } })

/** The headers of answers, by name. */
export const headerComponents: JsonObject = {
  'X-Request-Id': text('Names the request; quote it when something went wrong'),
  Location: text('The path of what was created'),
  Allow: text('The methods that the path takes'),
  'Retry-After': count('Seconds after which trying again makes sense'),
  ETag: text('Names this very answer'),
  'Idempotent-Replay': {
    description: 'That this is the first answer to the Idempotency-Key, given again. Absent from the first',
    schema: { type: 'string', enum: ['true'] },
  },
  // of a key's limit, which an operator may have set to none
  'RateLimit-Limit': count(
    'How many requests of this kind, reads or writes, the key may make within any minute. Where there is no limit, none of these headers',
    { minimum: 1 },
  ),
  'RateLimit-Remaining': count('How many of them are left at this moment', { minimum: 0 }),
  'RateLimit-Reset': count('Seconds after which the earliest of those made is a minute old, so that more are left', {
    minimum: 0,
    maximum: 60,
  }),
}

const quota = Object.keys(headerComponents).filter((name) => name.startsWith('RateLimit-'))

/** Those that go with a status. */
const byStatus: Record<string, string[]> = {
  '201': ['Location'],
  '405': ['Allow'],
  '429': ['Retry-After'],
  '503': ['Retry-After'],
}

/** What an operation is like, as far as the headers of its answers show it. */
export interface Answering {
  /** It takes a key. */
  keyed: boolean
  /** It knows 304. */
  conditional: boolean
  /** It takes an Idempotency-Key. */
  once: boolean
}

/** The headers of an operation's answer of a status. */
export function headersOf(status: string, { keyed, conditional, once }: Answering): JsonObject {
  const names = [
    'X-Request-Id',
    ...(byStatus[status] ?? []),
    // whoever is not known by a key has no limit to be told of
    ...(keyed && status !== '401' ? quota : []),
    ...(conditional && ['200', '304'].includes(status) ? ['ETag'] : []),
    // what was decided is remembered, and nothing else
    ...(once && ['200', '201', '404', '409'].includes(status) ? ['Idempotent-Replay'] : []),
  ]
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
