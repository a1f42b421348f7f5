import { drainMicrotasks } from 'bun:jsc'
import type { Chance } from '../support/chance'
import { createTasks, type Task } from './tasks'

/** When the simulated world begins, in UTC milliseconds. */
export const BEGIN = Date.UTC(2026, 4, 18, 3, 30)

/** A turn of an event loop takes up to so long. */
const TURN_MS_MAX = 0.2

/** A process of the simulation: whatever is scheduled in it is gone once it is dead, and late while it stands still. */
export interface Process {
  readonly name: string
  alive: boolean
  standsStillUntil: number
  /** By how much its clock is ahead of the others. */
  readonly skewMs: number
  /** When the last turn of its event loop that is due begins. */
  lastTurn: number
}

export interface Scheduler {
  /** Milliseconds since the simulated world began. */
  now(): number
  /** Whose turn it is; what sets the simulation up counts as a process too. */
  current(): Process
  start(name: string): Process
  /** Does something in a process after some time, if it is still alive then. */
  after(process: Process, ms: number, work: () => void): Task
  /** The same, at a moment: what is due at one moment is done in the order in which it was asked for. */
  at(process: Process, moment: number, work: () => void): Task
  /** Does something at the next turn of a process's event loop, in the order in which it was asked for. */
  nextTurn(process: Process, work: () => void): Task
  /** Writes down what happens; two runs with the same lines are the same run. */
  note(what: string): void
  /** Lets things happen, one at a time, until something holds; false if it does not within so long. */
  runUntil(holds: () => boolean, withinMs: number): boolean
  /** Of everything that happened, in its order. */
  hash(): string
  trace: string[]
}

/**
 * Decides what happens next: one task at a time, with everything that follows of it without a wait. No turn of the real event loop is taken,
 * so nothing from outside comes in between.
 * @param skewMsMax by how much clocks may be ahead
 */
export function createScheduler(chance: Chance, skewMsMax: number): Scheduler {
  const tasks = createTasks()
  const trace: string[] = []
  const hasher = new Bun.CryptoHasher('sha256')
  let now = 0
  const outside = start('outside', 0)
  let current = outside
  let steps = 0

  function note(what: string): void {
    const line = `${now.toFixed(3)} ${current.name}: ${what}`
    hasher.update(`${steps} ${line}\n`)
    trace.push(line)
  }

  function step(task: Task): void {
    const { process } = task
    if (task.cancelled || !process.alive) return
    if (process.standsStillUntil > task.at) {
      tasks.add({ ...task, at: process.standsStillUntil }, task)
      return
    }
    now = task.at
    steps++
    current = process
    task.done = true
    try {
      task.work()
      drainMicrotasks()
    } finally {
      current = outside
    }
  }

  return {
    now: () => now,
    current: () => current,
    start: (name) => start(name, Math.round(chance.next() * skewMsMax)),
    at: (process, moment, work) => tasks.add({ at: Math.max(now, moment), process, work }),
    after: (process, ms, work) => tasks.add({ at: now + Math.max(0, ms), process, work }),
    nextTurn(process, work) {
      process.lastTurn = Math.max(process.lastTurn, now + chance.next() * TURN_MS_MAX)
      return tasks.add({ at: process.lastTurn, process, work })
    },
    note,
    runUntil(holds, withinMs) {
      const end = now + withinMs
      while (!holds()) {
        const task = tasks.next()
        if (!task) return holds()
        if (task.at > end) {
          tasks.add(task, task)
          now = end
          return holds()
        }
        step(task)
      }
      return true
    },
    hash: () => hasher.copy().digest('hex'),
    trace,
  }
}

const start = (name: string, skewMs: number): Process => ({
  name,
  alive: true,
  standsStillUntil: 0,
  skewMs,
  lastTurn: 0,
})
