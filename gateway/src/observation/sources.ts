import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

/** How often the lag of the event loop is looked at; oftener would cost more than it tells. */
const LAG_EVERY_MS = 50

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

/** Of prom-client’s own metrics those that are true under Bun: it tells zeros of the spaces of V8’s heap, which is not there. */
function watchProcess(registry: Registry): { disable(): boolean } {
  const registers = [registry]
  const delay = monitorEventLoopDelay({ resolution: LAG_EVERY_MS })
  delay.enable()
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  gauge('process_start_time_seconds', 'When the process began, in Unix time', () => performance.timeOrigin / 1000)
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  gauge('process_heap_used_bytes', 'Memory that JavaScript uses', () => process.memoryUsage().heapUsed)
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time, user and system',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1_000_000)
    },
  })
  new Gauge({
    name: 'channelling_event_loop_lag_seconds',
    help: 'How late the event loop was since the metrics were read last',
    labelNames: ['quantile'],
    registers,
    collect() {
      for (const quantile of [50, 99, 100]) {
        this.set({ quantile: quantile / 100 }, delay.percentile(quantile) / 1e9)
      }
      delay.reset()
    },
  })
  return delay
}
