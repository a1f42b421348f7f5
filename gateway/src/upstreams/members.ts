import { lookup } from 'node:dns/promises'
import type { Log } from '@channelling/http'
import type { Replica } from './replica'

/** How often the addresses of a name are looked up; while it has none, so that a start does not wait for them. */
const LOOK_EVERY_MS = 2_000
const LOOK_FIRST_EVERY_MS = 200
/** How long requests wait for the first look, which a slow resolver may take its time for. */
const FIRST_LOOK_MS_MAX = 3_000
/** How long one that is gone from its name is minded still: longer than anybody waits for what it was asked before. */
const LINGER_MS = 40_000

export interface MembersOptions {
  /** `http://bookings-1:3000`, or `dns+http://bookings:3000` for one replica at each address of the name. */
  origins: readonly string[]
  /** Requests under way at a time, for each origin; the replicas share them evenly. */
  atOnceMax: number
  /** Requests that wait for something to happen, at each replica. */
  waitingMax: number
  create: (options: { origin: string; atOnceMax: number; waitingMax: number }) => Replica
  log: Log
  /** The addresses of a host at present. @throws where that cannot be told */
  addressesOf?: (host: string) => Promise<string[]>
  lookEveryMs?: number
}

/** The replicas of a service as they come and go: those that are named one by one, and those that a name stands for. */
export interface Members {
  /** Those of now; the same array all the time. */
  replicas: readonly Replica[]
  /** Resolves when every name was looked up once, whatever came of it. */
  looked: Promise<unknown>
  /** Ends the requests that wait for something to happen, also at those that are no longer named. */
  endWaiting(): void
  close(): void
}

/**
 * Follows the addresses of names. Where a name cannot be looked up its replicas stay what they were: whether they are up is found
 * out by asking them, and a resolver that is away takes nobody down.
 */
export function followMembers(options: MembersOptions): Members {
  const { origins, atOnceMax, waitingMax, create, log, addressesOf = systemAddresses } = options
  const { lookEveryMs = LOOK_EVERY_MS } = options
  const replicas: Replica[] = []
  const lingering = new Map<Replica, Timer>()
  /** What each of the given origins stands for at present. */
  const standsFor = new Map<string, string[]>(origins.map((origin) => [origin, nameOf(origin) ? [] : [origin]]))
  const timers = new Map<string, Timer>()
  let closed = false

  function settle(): void {
    const wanted = new Set([...standsFor.values()].flat())
    const gone = replicas.filter(({ origin }) => !wanted.has(origin))
    const come = [...wanted].filter((origin) => !replicas.some((replica) => replica.origin === origin))
    if (gone.length + come.length === 0) return
    const count = Math.max(1, wanted.size)
    const share = { atOnceMax: Math.ceil((atOnceMax * origins.length) / count), waitingMax }
    for (const replica of gone) {
      replicas.splice(replicas.indexOf(replica), 1)
      log.info({ address: replica.origin }, 'a replica is no longer named')
      const timer = setTimeout(() => {
        lingering.delete(replica)
        replica.close()
      }, LINGER_MS)
      lingering.set(replica, timer)
    }
    for (const replica of replicas) replica.resize(share)
    for (const origin of come) replicas.push(create({ origin, ...share }))
  }

  async function look(origin: string, { host, port }: Name): Promise<void> {
    const addresses = await addressesOf(host).catch(() => [])
    if (closed) return
    if (addresses.length > 0) {
      standsFor.set(
        origin,
        addresses.map((address) => originAt(address, port)),
      )
      settle()
    }
    const pause = standsFor.get(origin)!.length > 0 ? lookEveryMs : LOOK_FIRST_EVERY_MS
    timers.set(origin, setTimeout(look, pause, origin, { host, port }))
  }

  settle()
  const looks = origins.map((origin) => {
    const name = nameOf(origin)
    return name && look(origin, name)
  })
  return {
    replicas,
    looked: Promise.race([Promise.all(looks), Bun.sleep(FIRST_LOOK_MS_MAX)]),
    endWaiting() {
      for (const replica of [...replicas, ...lingering.keys()]) replica.endWaiting()
    },
    close() {
      closed = true
      for (const timer of [...timers.values(), ...lingering.values()]) clearTimeout(timer)
      for (const replica of [...replicas, ...lingering.keys()]) replica.close()
    },
  }
}

interface Name {
  host: string
  /** `:3000`, or nothing. */
  port: string
}

function nameOf(origin: string): Name | null {
  const [, host, port = ''] = /^dns\+http:\/\/(.+?)(:\d+)?$/.exec(origin) ?? []
  return host === undefined ? null : { host, port }
}

const originAt = (address: string, port: string) => `http://${address.includes(':') ? `[${address}]` : address}${port}`

/** As the system knows them, its search domains and hosts file included; of one kind, since a process that has both is one replica. */
async function systemAddresses(host: string): Promise<string[]> {
  const all = await lookup(host.replace(/^\[|\]$/g, ''), { all: true })
  const family = all.some((one) => one.family === 4) ? 4 : 6
  return [...new Set(all.filter((one) => one.family === family).map(({ address }) => address))]
}
