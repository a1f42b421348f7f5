/** Who says something of itself when it said nothing for a while. */
export interface Beating {
  /** When it last said something, in milliseconds that only ever go forward. */
  spokeAt(): number
  beat(): void
}

/** How often, of the time that may pass in silence, it looks who was silent. */
const LOOKS = 20

/** One timer for all who beat, which runs while there are any. */
export function createHeartbeats({ everyMs, elapsed }: { everyMs: number; elapsed: () => number }) {
  const beating = new Set<Beating>()
  let timer: Timer | undefined

  function look(): void {
    const silentSince = elapsed() - everyMs
    for (const one of beating) if (one.spokeAt() <= silentSince) one.beat()
  }

  return {
    add(one: Beating): void {
      beating.add(one)
      timer ??= setInterval(look, everyMs / LOOKS)
    },
    remove(one: Beating): void {
      beating.delete(one)
      if (beating.size > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}

export type Heartbeats = ReturnType<typeof createHeartbeats>
