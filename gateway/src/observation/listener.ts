import { closeGracefully, described, type Log, StartFault } from '@channelling/http'
import type { Registry } from 'prom-client'
import { exposed, METRICS_PATH } from './operation'

export interface MetricsListenerOptions {
  registry: Registry
  hostname: string
  /** 0 takes any free one. */
  port: number
  log: Log
}

/**
 * Serves the metrics, and nothing else, on a port of their own, where no key is asked for.
 * @throws StartFault where the port is taken
 */
export function listenForMetrics({ registry, hostname, port, log }: MetricsListenerOptions): {
  close(): Promise<void>
} {
  const server = serveOrExplain(() =>
    Bun.serve({
      hostname,
      port,
      reusePort: false,
      fetch({ url, method }) {
        if (new URL(url).pathname !== METRICS_PATH) return new Response(null, { status: 404 })
        if (method !== 'GET' && method !== 'HEAD') return new Response(null, { status: 405, headers: { allow: 'GET' } })
        return exposed(registry)
      },
      error(error) {
        log.error(described(error), 'the metrics could not be read')
        return new Response(null, { status: 500 })
      },
    }),
  )
  log.info({ address: `${server.hostname}:${server.port}` }, 'listening for metrics')
  return { close: () => closeGracefully(server) }
}

function serveOrExplain(serve: () => Bun.Server<undefined>): Bun.Server<undefined> {
  try {
    return serve()
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    throw new StartFault('The port of the metrics is taken: stop what uses it, or set METRICS_PORT to another')
  }
}
