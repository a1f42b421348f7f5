import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

/** How often the lag of the event loop is looked at; oftener would cost more than it tells. */
const LAG_EVERY_MS = 50

/** Of prom-client’s own metrics those that are true under Bun: it tells zeros of the spaces of V8’s heap, which is not there. */
export function watchProcess(registry: Registry): { disable(): boolean } {
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
