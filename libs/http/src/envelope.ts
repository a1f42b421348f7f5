import { type Kind, type Reason, type Refusal, reasons } from '@channelling/contract'
import { z } from 'zod'
import { documented } from './schema'

/** The status of each kind of refusal; total by type, so a new kind cannot be forgotten. */
export const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  wrong_method: 405,
  conflict: 409,
  too_large: 413,
  wrong_type: 415,
  mismatch: 422,
  too_many: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<Kind, number>

export type RefusalStatus = (typeof statusOf)[Kind]

export const statusOfReason = (reason: Reason): RefusalStatus => statusOf[reasons[reason].kind]

export const success = <Data>(data: Data) => ({ status: 'success' as const, code: 200 as const, data })

export const created = <Data>(data: Data) => ({ status: 'success' as const, code: 201 as const, data })

export interface Page {
  /** From 0. */
  page: number
  size: number
  /** Of all pages together. */
  total: number
}

export const listed = <Item>(data: Item[], page: Page) => ({
  status: 'success' as const,
  code: 200 as const,
  data,
  page,
})

export interface FailureBody {
  status: 'error'
  code: RefusalStatus
  message: string
  reason: Reason
  requestId: string
  fields?: { path: string; message: string }[]
  existing?: Record<string, number | string>
}

/** The error envelope of a refusal. */
export function failure(refusal: Refusal, requestId: string): FailureBody {
  const { fields, existing } = refusal.details
  return {
    status: 'error',
    code: statusOf[refusal.kind],
    message: refusal.message,
    reason: refusal.reason,
    requestId,
    ...(fields && { fields }),
    ...(existing && { existing }),
  }
}

const refused = new WeakMap<Response, Reason>()

/** Why a response that `refuse` made is none of what was asked for. */
export const reasonOf = (response: Response): Reason | undefined => refused.get(response)

/**
 * Of an answer that is for whoever asked alone, at that moment. A cache between does not know that a `Finance` header makes it so, as
 * it would of `Authorization` (RFC 9111, 3.5).
 */
export const KEPT_BY_NOBODY = 'no-store'

/** A refusal as a whole response, with the headers that go with it. */
export function refuse(refusal: Refusal, requestId: string): Response {
  const { allow, retryAfterSeconds } = refusal.details
  const headers: Record<string, string> = { 'x-request-id': requestId, 'cache-control': KEPT_BY_NOBODY }
  if (allow) headers.allow = allow.join(', ')
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  const response = Response.json(failure(refusal, requestId), { status: statusOf[refusal.kind], headers })
  refused.set(response, refusal.reason)
  return response
}

/** The schema of a success that holds one thing. */
export const envelope = <Data extends z.ZodType>(data: Data, code: 200 | 201 = 200) =>
  documented(z.object({ status: z.literal('success'), code: z.literal(code), data }))

/** The schema of a success that holds a page of a list. */
export const listEnvelope = <Item extends z.ZodType>(item: Item) =>
  documented(
    z.object({
      status: z.literal('success'),
      code: z.literal(200),
      data: z.array(item),
      page: z.object({ page: z.int().min(0), size: z.int().min(1), total: z.int().min(0) }),
    }),
  )

const failureSchemaOf = (code: RefusalStatus, among: readonly Reason[]) =>
  documented(
    z
      .object({
        status: z.literal('error'),
        code: z.literal(code),
        message: z.string(),
        reason: z.enum(among as [Reason, ...Reason[]]),
        requestId: z.string(),
        fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
        existing: z.record(z.string(), z.union([z.int(), z.string()])).optional(),
      })
      .meta({ description: among.map((reason) => `\`${reason}\`: ${reasons[reason].about}`).join('. ') }),
  )

const failureSchemas = new Map<string, ReturnType<typeof failureSchemaOf>>()

/** Most operations refuse with the same reasons, and to make the schemas of each anew would take a fifth of a start. */
const failureSchema = (code: RefusalStatus, among: readonly Reason[]) =>
  failureSchemas.getOrInsertComputed(`${code} ${among.join(' ')}`, () => failureSchemaOf(code, among))

/** What any operation behind a key may answer. */
const always = [
  'invalid_request',
  'malformed_json',
  'key_ambiguous',
  'key_missing',
  'key_unknown',
  'key_inactive',
  'key_expired',
  'key_retired',
  'identity_invalid',
  'scope_missing',
  'method_not_allowed',
  'body_too_large',
  'unsupported_media_type',
  'rate_limited',
  'internal_error',
  'overloaded',
  'service_unavailable',
] as const satisfies Reason[]

/** A reason that an operation refuses with as another kind than usual, see `RefusalDetails.kind`. */
export interface ReasonAs {
  reason: Reason
  kind: Kind
}

/** The response schemas of the refusals an operation may answer, by status: those named, and those any operation may. */
export function refusals(...named: (Reason | ReasonAs)[]) {
  const byStatus = new Map<RefusalStatus, Reason[]>()
  for (const one of new Set([...always, ...named])) {
    const [reason, status] =
      typeof one === 'string' ? [one, statusOfReason(one)] : ([one.reason, statusOf[one.kind]] as const)
    byStatus.set(status, [...(byStatus.get(status) ?? []), reason])
  }
  return Object.fromEntries([...byStatus].map(([status, among]) => [status, failureSchema(status, among)]))
}
