import { createHash } from 'node:crypto'
import { invalidField } from '@channelling/contract'
import { pathOf } from '@channelling/http'
import { z } from 'zod'
import type { Once } from '../rules/command'

export const IDEMPOTENCY_HEADER = 'idempotency-key'

/** The header as the document shows it. */
export const onceHeaders = z.object({
  'idempotency-key': z
    .string()
    .max(255)
    .optional()
    .meta({ description: 'Sent again with the same request, the first answer is given again. Kept for 48 hours.' }),
})

/**
 * The Idempotency-Key of a request with the fingerprint of what it asks, or undefined without one.
 * @throws Refusal `invalid_request` for a key that is empty, too long or not plain ASCII
 */
export function onceOf(request: Request, body: unknown): Once | undefined {
  const key = request.headers.get(IDEMPOTENCY_HEADER)
  if (key === null) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalidField(`header.${IDEMPOTENCY_HEADER}`, 'must be 1 to 255 visible ASCII characters')
  }
  const asked = `${request.method} ${pathOf(request.url)} ${JSON.stringify(body ?? null)}`
  return { key, fingerprint: createHash('sha256').update(asked).digest('hex') }
}
