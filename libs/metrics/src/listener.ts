import { closeGracefully, described, type Log, pathOf, StartFault } from '@channelling/http'
import { Registry } from 'prom-client'
import { exposed, METRICS_PATH } from './exposed'
import { watchProcess } from './process'

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
        if (pathOf(url) !== METRICS_PATH) return new Response(null, { status: 404 })
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

/**
 * The metrics of a service in a process of its own: what the process costs, and what the service adds. They are told where `METRICS_PORT` is set.
 * @throws StartFault where the port is taken
 */
export function tellMetrics({
  settings: { HOST: hostname, METRICS_PORT: port },
  log,
}: {
  settings: { HOST: string; METRICS_PORT?: number | undefined }
  log: Log
}): { registry: Registry; close(): Promise<void> } {
  const registry = new Registry()
  if (port === undefined) return { registry, close: async () => {} }
  const lag = watchProcess(registry)
  const listener = listenForMetrics({ registry, hostname, port, log })
  return {
    registry,
    async close() {
      lag.disable()
      await listener.close()
    },
  }
}

function serveOrExplain(serve: () => Bun.Server<undefined>): Bun.Server<undefined> {
  try {
    return serve()
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    throw new StartFault('The port of the metrics is taken: stop what uses it, or set METRICS_PORT to another')
  }
}
