import { type FieldFault, Refusal } from '@channelling/contract'
import { swagger } from '@elysiajs/swagger'
import { Elysia, NotFoundError, ParseError, ValidationError } from 'elysia'
import { failure, statusOf, success } from './envelope'
import { REQUEST_ID_HEADER } from './identity'
import { described, type Log } from './log'

/** Says that an answer is the one an earlier request with the same Idempotency-Key got. */
export const REPLAY_HEADER = 'idempotent-replay'

/** Tells the gateway the reason of a refusal, so that it need not read the body; it goes no further. */
export const REASON_HEADER = 'x-channelling-reason'

/** Says whether a process answers at all. */
export const LIVE_PATH = '/health/live'

/** Says whether a service can do its work. */
export const READY_PATH = '/health/ready'

export const OPENAPI_PATH = '/openapi'
export const OPENAPI_JSON_PATH = `${OPENAPI_PATH}/json`

export interface KitOptions {
  /** The name of the service. */
  name: string
  /** One sentence, for the capability statement. */
  about: string
  log: Log
  /** Whether the service can answer now; what it depends on, by name. */
  ready?: () => Promise<Record<string, boolean>>
  /** What it depends on and does without, for the moment, at a cost: by name. It stays ready. */
  degraded?: () => string[]
}

/** What any thrown thing means to a caller. Only refusals say what they are; the rest is `internal_error`. */
export function refusalOf(error: unknown, log: Log, requestId: string): Refusal {
  // whoever throws something else, and knows what it means to callers, says so by its cause, which a query builder wraps once more
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof Refusal) return cause
  if (error instanceof ParseError) return new Refusal('malformed_json', 'The body is not JSON')
  if (error instanceof NotFoundError) return new Refusal('no_such_path', 'There is nothing at this path')
  if (error instanceof ValidationError && error.type !== 'response') {
    return new Refusal('invalid_request', 'The request is not valid', { fields: faultsOf(error) })
  }
  log.error({ ...described(error), requestId }, 'a request failed')
  return new Refusal('internal_error', 'Something went wrong on our side')
}

interface Issue {
  message: string
  keys?: string[]
  path?: readonly PropertyKey[]
}

interface Standard {
  '~standard': { validate(value: unknown): { issues?: readonly Issue[] } }
}

/** Where a request is faulty, without any value of it. Elysia keeps only the first fault, so the value is validated again. */
function faultsOf(error: ValidationError): FieldFault[] {
  const validator = error.validator as unknown as Standard | { schema: Standard }
  const standard = 'schema' in validator ? validator.schema : validator
  const { issues = [] } = standard['~standard'].validate(error.value)
  const faults = new Map<string, FieldFault>()
  for (const { path: within = [], keys, message } of issues) {
    const path = [error.type === 'params' ? 'path' : error.type, ...within.map(String)].join('.')
    // a value can be wrong in several ways: too large, and no whole number at that
    if (faults.has(path)) continue
    faults.set(path, {
      path,
      message: keys ? 'has a property that this operation does not know' : steadied(message),
    })
  }
  return [...faults.values()]
}

/** zod's own sentences tell types apart well enough; they hold no values but the enumerated ones of the contract. */
const steadied = (message: string) => message.replace(/^Invalid (input|option): /, '')

/**
 * What every service has: errors in the envelope, health, and its OpenAPI document.
 * It is used before the endpoints, since Elysia's hooks cover only what is registered after them.
 */
export const kit = ({ name, about, log, ready = async () => ({}), degraded = () => [] }: KitOptions) =>
  new Elysia({ name: `kit:${name}` })
    .onError({ as: 'global' }, ({ error, request, set }) => {
      const requestId = request.headers.get(REQUEST_ID_HEADER) ?? ''
      const refusal = refusalOf(error, log, requestId)
      set.status = statusOf[refusal.kind]
      set.headers[REASON_HEADER] = refusal.reason
      if (refusal.details.retryAfterSeconds !== undefined) {
        set.headers['retry-after'] = String(refusal.details.retryAfterSeconds)
      }
      if (refusal.details.replayed) set.headers[REPLAY_HEADER] = 'true'
      return failure(refusal, requestId)
    })
    .get(LIVE_PATH, () => success({ status: 'live' }), { detail: { hide: true } })
    .get(
      READY_PATH,
      async ({ set }) => {
        const checks = await ready()
        if (Object.values(checks).every(Boolean)) return success({ status: 'ready', checks, degraded: degraded() })
        set.status = 503
        const missing = Object.keys(checks).filter((name) => !checks[name])
        return failure(new Refusal('service_unavailable', `Not ready: ${missing.join(', ')}`), '')
      },
      { detail: { hide: true } },
    )
    .use(
      swagger({
        path: OPENAPI_PATH,
        documentation: { info: { title: name, description: about, version: '1.0.0' } },
        exclude: [OPENAPI_PATH, OPENAPI_JSON_PATH],
      }),
    )
