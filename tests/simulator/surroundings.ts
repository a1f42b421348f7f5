import type { Chance } from '../support/chance'
import { BEGIN, type Scheduler } from './scheduler'
import type { Task } from './tasks'

/** A timer of the simulation, as far as code makes use of one. */
interface Timer {
  task: Task
  ref(): Timer
  unref(): Timer
}

/** What the program reads of its surroundings; all of it is the simulation's while a run lasts. */
interface Place {
  of: object
  name: string
  value: unknown
}

/**
 * Does something while time, timers and chance are those of the simulation, in the process whose turn it is. It must not wait for anything: the
 * real event loop stands still meanwhile.
 */
export function within<Result>(scheduler: Scheduler, chance: Chance, work: () => Result): Result {
  const timer = (task: Task): Timer => {
    const made: Timer = { task, ref: () => made, unref: () => made }
    return made
  }
  const cancel = (made?: Timer) => {
    if (made) made.task.cancelled = true
  }
  const later = (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    timer(scheduler.after(scheduler.current(), Math.max(1, ms), () => call(...args)))

  function repeatedly(call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Timer {
    const made: Timer = later(function again() {
      made.task = scheduler.after(scheduler.current(), Math.max(1, ms), again)
      call(...args)
    }, ms)
    return made
  }

  const digits = (count: number) => Array.from({ length: count }, () => chance.whole(16).toString(16)).join('')
  const places: Place[] = [
    { of: globalThis, name: 'setTimeout', value: later },
    { of: globalThis, name: 'setInterval', value: repeatedly },
    {
      of: globalThis,
      name: 'setImmediate',
      value: (call: (...args: unknown[]) => void, ...args: unknown[]) =>
        timer(scheduler.nextTurn(scheduler.current(), () => call(...args))),
    },
    { of: globalThis, name: 'clearTimeout', value: cancel },
    { of: globalThis, name: 'clearInterval', value: cancel },
    { of: globalThis, name: 'clearImmediate', value: cancel },
    { of: Bun, name: 'sleep', value: (ms: number) => new Promise<void>((resolve) => later(() => resolve(), ms)) },
    { of: Date, name: 'now', value: () => Math.floor(BEGIN + scheduler.now()) + scheduler.current().skewMs },
    { of: performance, name: 'now', value: () => scheduler.now() },
    { of: Math, name: 'random', value: chance.next },
    {
      of: crypto,
      name: 'randomUUID',
      value: () => [8, 4, 4, 4, 12].map(digits).join('-'),
    },
  ]
  const real = places.map(({ of, name }) => Reflect.get(of, name))
  for (const { of, name, value } of places) Reflect.set(of, name, value)
  try {
    return work()
  } finally {
    places.forEach(({ of, name }, index) => {
      Reflect.set(of, name, real[index])
    })
  }
}
