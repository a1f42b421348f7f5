/** Close code of the server for a key that is no longer good. */
export const KEY_NO_LONGER_GOOD = 4401

/** Why the server does not let somebody in. */
export interface Refused {
  /** HTTP status, or the close code 4401. */
  status: number
  /** `key_retired`, `scope_missing`, …: stable, as in the error envelope. */
  reason: string
  /** How long the server asks to be left alone, in ms. */
  retryAfter?: number
}

/** Answers that will be the same next time. */
const final = new Set([400, 401, 403, KEY_NO_LONGER_GOOD])

export const isFinal = ({ status }: Refused) => final.has(status)

const ASKING_MS_MAX = 10_000

/**
 * A WebSocket does not say what its handshake was refused with, so the same question is put as a plain request.
 * @returns null when that is not refused, or not answered
 */
export async function whyRefused(url: string, key: string, signal: AbortSignal): Promise<Refused | null> {
  try {
    const response = await fetch(url, {
      headers: { Finance: key },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASKING_MS_MAX)]),
    })
    const body = (await response.json().catch(() => null)) as { reason?: unknown } | null
    if (response.ok) return null
    const retryAfter = Number(response.headers.get('retry-after')) * 1000
    return {
      status: response.status,
      reason: typeof body?.reason === 'string' ? body.reason : `status ${response.status}`,
      ...(retryAfter > 0 && { retryAfter }),
    }
  } catch {
    return null
  }
}

/** What a failed ticket callback says of itself: an error with a `status` of 400, 401 or 403 will not go better next time. */
export function refusedTicket(error: unknown): Refused | null {
  if (typeof error !== 'object' || error === null || !('status' in error) || typeof error.status !== 'number')
    return null
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : 'ticket_refused'
  return { status: error.status, reason }
}
