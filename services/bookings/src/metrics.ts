import { DURATIONS } from '@channelling/metrics'
import { Gauge, Histogram, type Registry } from 'prom-client'
import type { SavedGroup } from './engine'

const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** What the booking engine does, in the process where it runs. */
export function createEngineMetrics(registry: Registry) {
  const registers = [registry]
  const groupSizes = new Histogram({
    name: 'channelling_bookings_group_size',
    help: 'Commands that one write of the booking engine carried',
    buckets: GROUP_SIZES,
    registers,
  })
  const commits = new Histogram({
    name: 'channelling_bookings_commit_duration_seconds',
    help: 'From when the writer was given a group until it was on the disk',
    buckets: DURATIONS,
    registers,
  })

  return {
    watchWaiting(waiting: () => number): void {
      new Gauge({
        name: 'channelling_bookings_waiting',
        help: 'Commands that wait for the booking engine',
        registers,
        collect() {
          this.set(waiting())
        },
      })
    },
    groupSaved({ size, commitMs }: SavedGroup): void {
      groupSizes.observe(size)
      commits.observe(commitMs / 1000)
    },
  }
}
