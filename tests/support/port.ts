/** A port that nothing listens on now, for a process that cannot choose one by itself. */
export function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const port = server.port!
  void server.stop(true)
  return port
}
