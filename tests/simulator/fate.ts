import type { Chance } from '../support/chance'
import type { DatabaseServer } from './database'
import type { Host } from './host'
import type { Network } from './network'
import type { Scheduler } from './scheduler'
import type { Sockets } from './sockets'

const RESTART_MS_MAX = 2000
const STANDSTILL_MS_MAX = 6000
const OUTAGE_MS_MAX = 3000

/** Has processes die, end and stand still, the database go away and lines break, as often as the weather says, until nothing goes wrong any more. */
export function startFate(
  hosts: readonly Host<{ close(): Promise<unknown> }>[],
  {
    scheduler,
    network,
    server,
    sockets,
    chance,
  }: {
    scheduler: Scheduler
    network: Network
    server: DatabaseServer
    sockets: Sockets
    chance: Chance
  },
): void {
  const fate = scheduler.start('fate')
  const { crashEveryMs, restartEveryMs, standstillEveryMs, outageEveryMs, cutEveryMs } = network.weather()
  const drawn = network.weather()

  function every(ms: number, strike: () => void): void {
    if (ms === Number.POSITIVE_INFINITY) return
    const next = () =>
      scheduler.after(fate, -ms * Math.log(1 - chance.next()), () => {
        if (network.weather() !== drawn) return
        strike()
        next()
      })
    next()
  }

  every(crashEveryMs, () => chance.one(hosts).crash(chance.next() * RESTART_MS_MAX))
  every(restartEveryMs, () => chance.one(hosts).restart())
  every(standstillEveryMs, () => {
    const process = chance.one(hosts).process()
    const ms = chance.next() ** 2 * STANDSTILL_MS_MAX
    scheduler.note(`${process.name} stands still for ${ms.toFixed(0)} ms`)
    process.standsStillUntil = Math.max(process.standsStillUntil, scheduler.now() + ms)
  })
  every(outageEveryMs, () => server.goAway(chance.next() * OUTAGE_MS_MAX))
  every(cutEveryMs, () => sockets.cutOne())
}
