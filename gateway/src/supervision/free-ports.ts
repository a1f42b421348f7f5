/**
 * Below those that the system gives to connections of its own accord, one of which may take a port before its process listens, or while it
 * is started again.
 */
const LOWEST = 10_000
const HIGHEST = 32_000

/**
 * Ports of the loopback that nothing listens on now, each another. Until this process ends nobody else who asks so is given them, as a
 * process takes seconds until it listens on its own.
 */
export function freePorts(count: number): number[] {
  const ports: number[] = []
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (claim(port)) ports.push(port)
  }
  return ports
}

const claimed = new Set<number>()

/** Takes a port for this process, if nothing listens on it and nobody has claimed it. */
export function claim(port: number): boolean {
  if (claimed.has(port)) return false
  try {
    // a name that is no file, and that the system forgets with its process; between processes elsewhere than on Linux the dice have to do
    if (process.platform === 'linux') Bun.listen({ unix: `\0channelling-port-${port}`, socket: { data() {} } }).unref()
  } catch {
    return false
  }
  claimed.add(port)
  return isFree(port)
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
