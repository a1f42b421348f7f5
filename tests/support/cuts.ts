import { connect, createServer, type Socket } from 'node:net'
import type { Chance } from './chance'

/** A network in front of a server that breaks every connection after a while, wherever in a frame that may be. */
export interface Cuts {
  port: number
  /** Connections that were cut so far. */
  count(): number
  /** From now on connections last. */
  heal(): void
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * @param to the port of the server, which may have another after every restart
 * @param afterMs from, to: how long a connection lasts, by chance
 */
export async function startCuts(to: () => number, chance: Chance, [least, most]: [number, number]): Promise<Cuts> {
  const timers = new Map<Socket, Timer>()
  let cutting = true
  let count = 0
  const listener = createServer((near) => {
    const far = connect(to(), '127.0.0.1')
    const end = () => {
      clearTimeout(timers.get(near))
      timers.delete(near)
      near.destroy()
      far.destroy()
    }
    for (const side of [near, far]) side.on('error', () => {}).on('close', end)
    near.pipe(far)
    far.pipe(near)
    if (!cutting) return
    const lasts = least + chance.next() * (most - least)
    timers.set(
      near,
      setTimeout(() => {
        count++
        // what was on its way goes no further
        far.unpipe(near)
        end()
      }, lasts),
    )
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  const heal = () => {
    cutting = false
    for (const timer of timers.values()) clearTimeout(timer)
  }
  return {
    port,
    count: () => count,
    heal,
    async [Symbol.asyncDispose]() {
      heal()
      for (const near of timers.keys()) near.destroy()
      listener.close()
    },
  }
}
