import { timingSafeEqual } from 'node:crypto'
import { type Caller, Refusal, type Scope } from '@channelling/contract'
import { Elysia } from 'elysia'

export const IDENTITY_HEADER = 'x-channelling-identity'
export const REQUEST_ID_HEADER = 'x-request-id'

/** How long a signed identity may travel between gateway and service. */
const VALID_MS = 30_000

const digest = (secret: string, signed: string) => new Bun.CryptoHasher('sha256', secret).update(signed).digest()

const bound = (request: { method: string; path: string }, payload: string) =>
  `${request.method} ${request.path} ${payload}`

/** Says to a service who calls, for one method and path and a short time, so that it trusts the gateway and nobody else. */
export function signIdentity(
  secret: string,
  caller: Caller,
  request: { method: string; path: string },
  now: number,
): string {
  const payload = Buffer.from(JSON.stringify({ ...caller, until: now + VALID_MS })).toString('base64url')
  return `${payload}.${digest(secret, bound(request, payload)).toString('base64url')}`
}

/**
 * The caller that the gateway established.
 * @throws Refusal `identity_invalid` when it is missing, forged, for another request or too old
 */
export function verifyIdentity(
  secret: string,
  header: string | null,
  request: { method: string; path: string },
  now: number,
): Caller {
  const { caller, until } = signedIn(secret, header, request)
  if (now > until) throw invalid()
  return caller
}

const invalid = () => new Refusal('identity_invalid', 'This service is called through the gateway only')

function signedIn(secret: string, header: string | null, request: { method: string; path: string }): Signed {
  const [payload, signature, rest] = header?.split('.') ?? []
  if (!payload || !signature || rest !== undefined) throw invalid()
  const given = Buffer.from(signature, 'base64url')
  const wanted = digest(secret, bound(request, payload))
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw invalid()
  const { until, ...caller } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Caller & { until: number }
  return { caller, until }
}

interface Signed {
  caller: Caller
  until: number
}

/** So many identities are kept at a time, on either side. */
const KEPT_MAX = 1_000

/** Signs as `signIdentity` does. What a caller asks again within a second is signed once. */
export function identitySigner(
  secret: string,
): (caller: Caller, request: { method: string; path: string }, now: number) => string {
  // by the very object: of a key that was changed there is another
  const kept = new WeakMap<Caller, { second: number; signed: Map<string, string> }>()
  return (caller, request, now) => {
    const second = Math.floor(now / 1000)
    let own = kept.get(caller)
    if (own?.second !== second || own.signed.size >= KEPT_MAX) {
      own = { second, signed: new Map() }
      kept.set(caller, own)
    }
    const target = `${request.method} ${request.path}`
    const identity = own.signed.get(target) ?? signIdentity(secret, caller, request, now)
    own.signed.set(target, identity)
    return identity
  }
}

/** Verifies as `verifyIdentity` does. What comes again for the same request is believed as it was, while it is valid. */
export function identityVerifier(
  secret: string,
): (header: string | null, request: { method: string; path: string }, now: number) => Caller {
  const believed = new Map<string, Signed>()
  return (header, request, now) => {
    const text = `${request.method} ${request.path} ${header}`
    let signed = believed.get(text)
    if (!signed) {
      signed = signedIn(secret, header, request)
      if (believed.size >= KEPT_MAX) believed.clear()
      believed.set(text, signed)
    }
    if (now > signed.until) throw invalid()
    return signed.caller
  }
}

const VOUCHED_FOR = Symbol('vouched for')

/**
 * Says who calls to a service of the same process. Nothing has to be signed: nobody outside can hold this very request object, and
 * nothing in a request can name the symbol.
 */
export function vouchFor(request: Request, caller: Caller): void {
  ;(request as Vouched)[VOUCHED_FOR] = caller
}

type Vouched = Request & { [VOUCHED_FOR]?: Caller }

/** @throws Refusal `scope_missing` */
export function requireScope(caller: Caller, scope: Scope): void {
  if (!caller.scopes.includes(scope)) throw new Refusal('scope_missing', `The key lacks the scope ${scope}`)
}

/** The path of a URL as it stands, without its query. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  if (start === -1) return '/'
  const end = url.indexOf('?', start)
  return end === -1 ? url.slice(start) : url.slice(start, end)
}

/**
 * Gives an endpoint that declares `scope` its `caller`, and refuses everybody the gateway did not send. The scope is part of
 * the service's document too: the gateway reads there what each path asks for.
 */
export const identityOf = (secret: string) => {
  const verify = identityVerifier(secret)
  const verifiedCaller = ({ headers, method, url }: Request) =>
    verify(headers.get(IDENTITY_HEADER), { method, path: pathOf(url) }, Date.now())
  return new Elysia({ name: 'identity', seed: secret }).macro({
    scope: (scope: Scope) => ({
      detail: { security: [{ Finance: [] }, { Bearer: [] }], 'x-scope': scope } as object,
      resolve({ request }) {
        const caller = (request as Vouched)[VOUCHED_FOR] ?? verifiedCaller(request)
        requireScope(caller, scope)
        return { caller }
      },
    }),
  })
}

export type Identity = ReturnType<typeof identityOf>
