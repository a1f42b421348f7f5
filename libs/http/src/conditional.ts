import { Elysia } from 'elysia'
import { z } from 'zod'
import { documented } from './schema'

/** An answer with its name: the same text has the same `ETag`. */
export interface NamedAnswer {
  text: string
  etag: string
}

export function named(body: unknown): NamedAnswer {
  const text = JSON.stringify(body)
  return { text, etag: `"${Bun.hash(text).toString(36)}"` }
}

/** The answer itself, or 304 to who has it already and says so with `If-None-Match`. */
export function conditional({ text, etag }: NamedAnswer, request: Request): Response {
  const headers = { etag, 'cache-control': 'private, no-cache' }
  const known = request.headers.get('if-none-match')
  if (known !== null && (known === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))) {
    return new Response(null, { status: 304, headers })
  }
  return new Response(text, { headers: { ...headers, 'content-type': 'application/json;charset=utf-8' } })
}

/** Gives every successful GET of the endpoints after it an `ETag`, so that who has it already is spared the body. */
export const conditionalReads = () =>
  new Elysia({ name: 'conditional-reads' }).mapResponse({ as: 'scoped' }, ({ request, response, set }) => {
    if (request.method !== 'GET' || set.status !== 200 || response instanceof Response) return
    return conditional(named(response), request)
  })

/** The response schema of 304, for the endpoints it covers. */
export const unchanged = {
  304: documented(z.literal('').meta({ description: 'Still as the ETag that was sent says; no body' })),
}
