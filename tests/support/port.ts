/** Below those that the system gives to connections of its own accord, one of which may take a port before its process listens. */
const LOWEST = 10_000
const HIGHEST = 32_000

const given = new Set<number>()

/** A port that nothing listens on now, and that is given once, for a process that cannot choose one by itself. */
export function freePort(): number {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (given.has(port) || !isFree(port)) continue
    given.add(port)
    return port
  }
}

/** Whether nothing of this machine listens on a port of the loopback. */
export function isFree(port: number): boolean {
  try {
    void Bun.serve({ port, hostname: '127.0.0.1', reusePort: false, fetch: () => new Response() }).stop(true)
    return true
  } catch {
    return false
  }
}
