import { Gauge, type Registry } from 'prom-client'

/** A metric that is asked for whenever somebody reads the metrics. What cannot be read is NaN, and keeps nothing else from being told. */
export const asked = (registry: Registry, name: string, help: string, read: () => number | Promise<number>) =>
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      try {
        this.set(await read())
      } catch {
        this.set(Number.NaN)
      }
    },
  })
