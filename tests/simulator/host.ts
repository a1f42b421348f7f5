import type { Process, Scheduler } from './scheduler'

/** A place where one process runs, and after it died another. */
export interface Host<Service> {
  name: string
  process(): Process
  /** What the process offers, once it has started. */
  service(): Service | null
  /** Kills the process: all that it had in hand is gone. Another one starts after a while. */
  crash(restartMs: number): void
  /** Has the process end in good order: it takes nothing new, finishes what it has, and another one starts. */
  restart(): void
  /** Called once when the process that runs now dies or ends. */
  onCrash(call: () => void): void
}

const RESTART_MS = 500

/**
 * @param begin starts the service; where that fails, the process leaves, as a real one does, and is started again
 */
export function createHost<Service extends { close(): Promise<unknown> }>(
  name: string,
  scheduler: Scheduler,
  begin: () => Promise<Service>,
): Host<Service> {
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

  function restart(): void {
    const ending = process
    const closing = service
    if (!closing) return
    service = null
    scheduler.note(`${ending.name} is to end`)
    scheduler.after(ending, 0, () => {
      const gone = () => {
        if (ending.alive) end('ends', 0)
      }
      closing.close().then(gone, gone)
    })
  }

  const crash = (restartMs: number) => end('dies', restartMs)

  function end(how: string, restartMs: number): void {
    scheduler.note(`${process.name} ${how}`)
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
    restart,
    onCrash(call) {
      told.push(call)
    },
  }
}
