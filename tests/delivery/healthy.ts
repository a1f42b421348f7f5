/** Healthy subscribers in a process of their own, so that neither the load nor they wait for each other where lags are measured. */
import type { Told } from './sequence'
import { committedBy, faultsIn } from './sequence'
import { aWatcher } from './subscribers'

/** When something was, in ms, by a clock that processes of one machine share. */
export const moment = () => performance.timeOrigin + performance.now()

export interface Asked {
  /** Waits until each was told so many events, or the time is up, and closes them all. */
  hear?: { count: number; withinMs: number }
  /** Then, with the server stopped: holds what each was told against what was committed, and against when it was acknowledged. */
  judge?: { dataDir: string; acknowledged: [bookingId: number, at: number][] }
}

export interface Heard {
  connections: number[]
}

export interface Judged {
  faults: string[]
  /** Of all that each of them was told, between the answer to a booking and its event. */
  p99Ms: number
  mostMs: number
}

/** Starts them, and resolves once all are up to date. */
export async function startHealthy(given: { count: number; port: number; key: string }) {
  let answered = (_answer: unknown) => {}
  const child = Bun.spawn([process.execPath, import.meta.path, JSON.stringify(given)], {
    env: { PATH: process.env.PATH },
    stdout: 'inherit',
    stderr: 'inherit',
    serialization: 'advanced',
    ipc: (answer) => answered(answer),
  })
  const ended = child.exited.then((code) => Promise.reject(new Error(`Subscribers ended with ${code}`)))
  ended.catch(() => {})
  const answer = <Of>() => Promise.race([ended, new Promise<Of>((resolve) => (answered = resolve as never))])
  const ask = <Of>(what: Asked): Promise<Of> => {
    const coming = answer<Of>()
    child.send(what)
    return coming
  }
  await answer()
  return {
    hear: (hear: Asked['hear']) => ask<Heard>({ hear }),
    judge: (judge: Asked['judge']) => ask<Judged>({ judge }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

async function main({ count, port, key }: { count: number; port: number; key: string }): Promise<void> {
  const heardAt: number[][] = []
  const watchers = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const moments: number[] = []
      heardAt[index] = moments
      return aWatcher({ port, key, hear: () => void moments.push(moment()) })
    }),
  )

  async function hear({ count, withinMs }: NonNullable<Asked['hear']>): Promise<Heard> {
    const deadline = performance.now() + withinMs
    while (watchers.some(({ told }) => told.length < count) && performance.now() < deadline) await Bun.sleep(10)
    const connections = watchers.map((watcher) => watcher.connections())
    for (const { subscription } of watchers) subscription.close()
    await Promise.all(watchers.map(({ subscription }) => subscription.closed))
    return { connections }
  }

  async function judge({ dataDir, acknowledged }: NonNullable<Asked['judge']>): Promise<Judged> {
    const committed: Told[] = await committedBy({ dataDir })
    const acknowledgedAt = new Map(acknowledged)
    const lags: number[] = []
    watchers.forEach(({ told }, index) => {
      told.forEach(({ bookingId }, place) => {
        const at = acknowledgedAt.get(bookingId!)
        // one that comes before the answer does is not late
        if (at !== undefined) lags.push(Math.max(0, heardAt[index]![place]! - at))
      })
    })
    const sorted = Float64Array.from(lags).sort()
    const faults = watchers.flatMap(({ told }) => faultsIn(told, committed))
    return { faults, p99Ms: sorted[Math.floor(sorted.length * 0.99)]!, mostMs: sorted.at(-1)! }
  }

  process.on('message', async (asked: Asked) => {
    process.send!(asked.hear ? await hear(asked.hear) : await judge(asked.judge!))
  })
  process.send!('ready')
}

if (import.meta.main) await main(JSON.parse(process.argv[2]!))
