/**
 * What the writes of one session have in common: the id of the session that the body names, or else that of the booking in the
 * path. Which session a booking is in the gateway cannot know.
 */
export function affinityOf(path: string, body: string | undefined): string | undefined {
  const session = body === undefined ? undefined : /"session(?:Instance)?Id"\s*:\s*(\d{1,15})/.exec(body)?.[1]
  if (session) return `session ${session}`
  const booking = /^\/api\/channel\/bookings\/(\d{1,15})\//.exec(path)?.[1]
  return booking && `booking ${booking}`
}

/**
 * The one of several that a key belongs to, by rendezvous: each key has its own order of them, so that when one is gone only its
 * own keys move, and when it is back only they come back.
 */
export function closest<Candidate extends { origin: string }>(
  candidates: readonly Candidate[],
  key: string,
): Candidate | undefined {
  let best: Candidate | undefined
  let bestScore = -1
  for (const candidate of candidates) {
    const score = Bun.hash.xxHash32(`${key} ${candidate.origin}`)
    if (score > bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return best
}
