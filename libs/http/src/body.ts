import { Refusal } from '@channelling/contract'

/**
 * Reads a JSON body for an endpoint (`parse: jsonBody`). No body at all is null: an operation that can do without one
 * says `.nullish()`. Undefined would make Elysia read the body a second time.
 * @throws Refusal `malformed_json`, `unsupported_media_type`
 */
export async function jsonBody({ request }: { request: Request }): Promise<unknown> {
  const text = await request.text()
  if (text === '') return null
  requireJson(request.headers.get('content-type'))
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal('malformed_json', 'The body is not JSON')
  }
}

/** @throws Refusal `unsupported_media_type` */
export function requireJson(contentType: string | null): void {
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
    throw new Refusal('unsupported_media_type', 'The body must be application/json')
  }
}
