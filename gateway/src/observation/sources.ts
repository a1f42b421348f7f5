import { asked, watchProcess } from '@channelling/metrics'
import { Counter, type Registry } from 'prom-client'

/** What is not counted request by request, but asked for whenever somebody reads the metrics. */
export interface Sources {
  socketsOpen: () => number
  databaseFailed: () => boolean
  linesDropped: () => number
}

/** Adds to the metrics what is asked of the parts of this process, and of the process itself. */
export function watchSources(registry: Registry, sources: Sources): { close(): Promise<void> } {
  asked(registry, 'channelling_sockets_open', 'Open sockets', sources.socketsOpen)
  asked(registry, 'channelling_database_failed', '1 once a disk fault ended all writing', () =>
    Number(sources.databaseFailed()),
  )
  new Counter({
    name: 'channelling_log_lines_dropped_total',
    help: 'Log lines that nobody was there to read',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(sources.linesDropped())
    },
  })
  const lag = watchProcess(registry)
  return {
    async close() {
      lag.disable()
    },
  }
}
