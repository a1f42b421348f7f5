import { invalidField, Refusal } from '@channelling/contract'

/**
 * Reads a JSON body for an endpoint (`parse: jsonBody`). No body at all is null: an operation that can do without one
 * says `.nullish()`. Undefined would make Elysia read the body a second time.
 * @throws Refusal `malformed_json`, `unsupported_media_type`, `invalid_request` for one nested too deep or of too many properties
 */
export async function jsonBody({ request }: { request: Request }): Promise<unknown> {
  const text = await request.text()
  if (text === '') return null
  requireJson(request.headers.get('content-type'))
  requireSimple(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal('malformed_json', 'The body is not JSON')
  }
}

/** @throws Refusal `unsupported_media_type` */
export function requireJson(contentType: string | null): void {
  // what nearly everybody sends
  if (contentType === 'application/json') return
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
    throw new Refusal('unsupported_media_type', 'The body must be application/json')
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType!)?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new Refusal('unsupported_media_type', 'The body must be in UTF-8')
  }
}

/**
 * How deep a body may be nested, far deeper than any operation asks for. Elysia writes a refused body out, indented: of one that is
 * nothing but brackets that would be hundreds of megabytes, and seconds in which nobody else is answered.
 */
const DEPTH_MAX = 32

/** How many properties a body may have in all, far more than any operation asks for; each one too many is looked for and told of. */
const PROPERTIES_MAX = 256

/** @throws Refusal `invalid_request` */
function requireSimple(text: string): void {
  let depth = 0
  let properties = 0
  let inText = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        inText = !inText
        break
      case 0x5c: // \, before any character of a text
        at++
        break
      case 0x3a: // :
        if (!inText && ++properties > PROPERTIES_MAX) {
          throw invalidField('body', `must not have more than ${PROPERTIES_MAX} properties`)
        }
        break
      case 0x5b: // [
      case 0x7b: // {
        if (!inText && ++depth > DEPTH_MAX) throw invalidField('body', `must not be nested deeper than ${DEPTH_MAX}`)
        break
      case 0x5d: // ]
      case 0x7d: // }
        if (!inText) depth--
    }
  }
}
