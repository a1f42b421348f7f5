import { Refusal } from '@channelling/contract'

/** The largest body a request may have, in bytes. */
export const BODY_BYTES_MAX = 64 * 1024

const tooLarge = () => new Refusal('body_too_large', 'The body is over 64 KiB')

/**
 * The body of a request as text, or undefined where it has none. A body that says it is too large is not read at all; one that does
 * not say its size is read no further than the limit.
 * @throws Refusal `body_too_large`
 */
export async function readBody(request: Request): Promise<string | undefined> {
  const declared = request.headers.get('content-length')
  if (declared !== null) {
    if (Number(declared) > BODY_BYTES_MAX) throw tooLarge()
    // not by way of `request.body`: a stream costs more than all the rest of the gateway's work
    return declared === '0' ? undefined : request.text()
  }
  if (!request.headers.has('transfer-encoding') || request.body === null) return undefined
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
