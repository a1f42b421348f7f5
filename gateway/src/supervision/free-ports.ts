/**
 * Below those that the system gives to connections of its own accord, one of which may take a port before its process listens, or while it
 * is started again.
 */
const LOWEST = 10_000
const HIGHEST = 32_000

/** Ports of the loopback that nothing listens on now, each another. */
export function freePorts(count: number): number[] {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (isFree(port)) ports.add(port)
  }
  return [...ports]
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
