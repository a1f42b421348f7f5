import { watchProcess } from '@channelling/metrics'
import { Counter, Gauge, type Registry } from 'prom-client'

/** What is not counted request by request, but asked for whenever somebody reads the metrics. */
export interface Sources {
  /** The last `seq` that the open sockets were told of; null while there are none. */
  told: () => number | null
  socketsOpen: () => number
  /** The last `seq` of the outbox. */
  lastSeq: () => Promise<number>
  databaseFailed: () => boolean
  linesDropped: () => number
}

/** Adds to the metrics what is asked of the parts of this process, and of the process itself. What cannot be read is NaN. */
export function watchSources(registry: Registry, sources: Sources): { close(): Promise<void> } {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        try {
          this.set(await read())
        } catch {
          this.set(Number.NaN)
        }
      },
    })

  gauge('channelling_outbox_last_seq', 'The number of the last event', sources.lastSeq)
  gauge('channelling_feed_lag_events', 'Events that the open sockets were not told of yet', async () => {
    const told = sources.told()
    return told === null ? 0 : Math.max(0, (await sources.lastSeq()) - told)
  })
  gauge('channelling_sockets_open', 'Open sockets', sources.socketsOpen)
  gauge('channelling_database_failed', '1 once a disk fault ended all writing', () => Number(sources.databaseFailed()))
  new Counter({
    name: 'channelling_log_lines_dropped_total',
    help: 'Log lines that nobody was there to read',
    registers,
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
