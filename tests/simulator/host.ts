import type { Process, Scheduler } from './scheduler'

/** A place where one process runs, and after it died another. */
export interface Host<Service> {
  name: string
  process(): Process
  /** What the process offers, once it has started. */
  service(): Service | null
  /** Kills the process: all that it had in hand is gone. Another one starts after a while. */
  crash(restartMs: number): void
  /** Called once when the process that runs now dies. */
  onCrash(call: () => void): void
}

const RESTART_MS = 500

/**
 * @param begin starts the service; where that fails, the process leaves, as a real one does, and is started again
 */
export function createHost<Service>(name: string, scheduler: Scheduler, begin: () => Promise<Service>): Host<Service> {
  let generation = 0
  let process = scheduler.start(`${name}.0`)
  let service: Service | null = null
  let told: (() => void)[] = []

  function launch(afterMs: number): void {
    process = scheduler.start(`${name}.${++generation}`)
    const launched = process
    service = null
    scheduler.after(launched, afterMs, () => {
      scheduler.note('starts')
      begin().then(
        (begun) => {
          service = begun
        },
        () => crash(RESTART_MS),
      )
    })
  }

  function crash(restartMs: number): void {
    scheduler.note(`${process.name} dies`)
    process.alive = false
    const listeners = told
    told = []
    for (const call of listeners) call()
    launch(restartMs)
  }

  launch(0)
  return {
    name,
    process: () => process,
    service: () => service,
    crash,
    onCrash(call) {
      told.push(call)
    },
  }
}
