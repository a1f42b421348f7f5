import { Refusal } from '@channelling/contract'

/** The largest body a request may have, in bytes. */
export const BODY_BYTES_MAX = 64 * 1024

/** What is sent compressed would be taken for broken JSON, and could be any size. */
function requirePlain({ headers }: Request): void {
  const encoding = headers.get('content-encoding')
  if (encoding === null || /^\s*(?:identity\s*)?$/i.test(encoding)) return
  throw new Refusal('unsupported_media_type', 'The body must not be compressed or encoded')
}

const tooLarge = () => new Refusal('body_too_large', 'The body is over 64 KiB')

/** For a body that ended before its end, because the caller went or was too slow; mostly there is nobody left to read it. */
const cutShort = () => new Refusal('invalid_request', 'The body did not arrive whole')

/**
 * The body of a request as text, or undefined where it has none. A body that says it is too large is not read at all; one that does
 * not say its size is read no further than the limit.
 * @throws Refusal `body_too_large`, `unsupported_media_type` for one that is encoded or no UTF-8, `invalid_request` for one that does not arrive whole or names its size twice
 */
export async function readBody(request: Request): Promise<string | undefined> {
  const declared = request.headers.get('content-length')
  if (declared !== null) {
    const size = Number(declared)
    if (size > BODY_BYTES_MAX) throw tooLarge()
    if (Number.isNaN(size)) throw new Refusal('invalid_request', 'The Content-Length header must be given once')
    // not by way of `request.body`: a stream costs more than all the rest of the gateway's work
    if (declared === '0') return undefined
    requirePlain(request)
    return request.text().then(requireUtf8, whenCut)
  }
  if (!request.headers.has('transfer-encoding') || request.body === null) return undefined
  requirePlain(request)
  return readChunks(request.body as unknown as AsyncIterable<Uint8Array>).then(requireUtf8, whenCut)
}

async function readChunks(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Stands for what could not be read, also where the caller sent it: a name that holds it was damaged somewhere. */
const DAMAGE = '\ufffd'

function requireUtf8(text: string): string {
  if (text.includes(DAMAGE)) throw new Refusal('unsupported_media_type', 'The body must be in UTF-8')
  return text
}

/** What a reading that failed means. Without it anybody who hangs up would leave an error in the log. */
function whenCut(error: unknown): never {
  throw error instanceof Error && error.name === 'AbortError' ? cutShort() : error
}
