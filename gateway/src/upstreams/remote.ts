import { type Caller, Refusal } from '@channelling/contract'
import { DEADLINE_HEADER, IDENTITY_HEADER, identitySigner, type Log } from '@channelling/http'
import type { Outgoing, Service } from '../upstream'
import { closest } from './affinity'
import { createRetryBudget } from './budget'
import { followMembers, type MembersOptions } from './members'
import { type Asked, createReplica, type Replica } from './replica'
import { Unanswered } from './unanswered'

const DEADLINE_MS = 10_000
/** How long whoever waits for something to happen waits at most: a little longer than the service lets anybody. */
const WAITS_MS = 35_000
const ATTEMPTS_MAX = 3
/** The longest pause before the same process is asked again, in ms. */
const PAUSE_MS_MAX = 50

export interface RemoteOptions {
  name: string
  /** Where its replicas are, `http://bookings-1:3000`, or `dns+http://bookings:3000` for one at each address of the name. */
  origins: readonly string[]
  /** Requests under way at a time, for each origin. */
  atOnceMax: number
  /** Requests beside them that wait for something to happen, at each replica: those of all together are counted before. */
  waitingMax?: number
  /** By which services know the gateway. */
  secret: string
  /** Whether the service gives the first answer again to the same Idempotency-Key, so that a write with one may be sent again. */
  keepsAnswers?: boolean
  /** What requests have in common that go to one replica while it is up; undefined where any will do. */
  affinityOf?: (path: string, body: string | undefined) => string | undefined
  log: Log
  /** How long a caller waits, all attempts together; 10 000 by default. */
  deadlineMs?: number
  /** How names are looked up. */
  names?: Pick<MembersOptions, 'addressesOf' | 'lookEveryMs'>
}

/** A service in other processes. */
export interface RemoteService extends Service {
  /** Where a connection that stays open can go now, in any order: whoever takes requests. */
  forSockets(): Pick<Replica, 'origin' | 'whenDown'>[]
  /** Ends the requests that wait for something to happen. */
  endWaiting(): void
  close(): void
}

/**
 * A service that is reached over HTTP. A request goes to a replica that is up, at once 503 `service_unavailable` where none is; it
 * is sent again only where that is safe: when it never left, when it only reads, or when its Idempotency-Key makes it happen once.
 */
export function remote(options: RemoteOptions): RemoteService {
  const {
    name,
    origins,
    atOnceMax,
    waitingMax = 0,
    secret,
    keepsAnswers = false,
    affinityOf,
    log,
    deadlineMs = DEADLINE_MS,
    names,
  } = options
  const create = (one: Pick<MembersOptions, 'atOnceMax' | 'waitingMax'> & { origin: string }) =>
    createReplica({ ...one, log })
  const members = followMembers({ ...names, origins, atOnceMax, waitingMax, create, log })
  const { replicas } = members
  const budget = createRetryBudget()
  const sign = identitySigner(secret)
  let turn = 0
  let waitsNoMore = false

  /** Those that take requests; those that leave only where there is no other. */
  function willing(): Replica[] {
    const up = replicas.filter((replica) => replica.isUp())
    const staying = up.filter((replica) => !replica.isLeaving())
    return staying.length > 0 ? staying : up
  }

  /** The replica to ask, of those that are up and not in `tried`; one that was tried where it is the only one up. */
  function choose(key: string | undefined, tried: readonly Replica[]): Replica | undefined {
    if (replicas.length === 1) return replicas[0]!.isUp() ? replicas[0] : undefined
    const up = willing()
    const fresh = tried.length === 0 ? up : up.filter((replica) => !tried.includes(replica))
    const among = fresh.length > 0 ? fresh : up
    return key === undefined ? among[turn++ % among.length] : closest(among, key)
  }

  async function deliver(asked: Asked, key: string | undefined): Promise<Response> {
    const tried: Replica[] = []
    if (replicas.length === 0) await members.looked
    for (;;) {
      const replica = choose(key, tried)
      if (!replica) throw unavailable()
      if (tried.includes(replica)) await Bun.sleep(Math.random() * PAUSE_MS_MAX)
      try {
        return await replica.send(asked)
      } catch (fault) {
        if (!(fault instanceof Unanswered)) throw fault
        tried.push(replica)
        if (waitsNoMore && asked.waits) throw unavailable()
        if (tried.length >= Math.max(ATTEMPTS_MAX, replicas.length) || performance.now() >= asked.until)
          throw unavailable()
        if (fault.sent && !(asked.isSafe && budget.spend())) throw unavailable()
      }
    }
  }

  return {
    name,
    elsewhere: true,
    async send({ target, method = 'GET', headers = {}, body }: Outgoing, caller?: Caller, waits = false) {
      const now = Date.now()
      budget.save()
      const sent: Record<string, string> = { ...headers, [DEADLINE_HEADER]: String(now + deadlineMs) }
      if (caller) sent[IDENTITY_HEADER] = sign(caller, { method, path: pathAlone(target) }, now)
      const isSafe = method === 'GET' || (keepsAnswers && 'idempotency-key' in headers)
      const until = performance.now() + (waits ? WAITS_MS : deadlineMs)
      const key = method === 'GET' ? undefined : affinityOf?.(target, body)
      return deliver({ method, target, headers: sent, body, isSafe, until, waits }, key)
    },
    forSockets: () =>
      willing()
        .map((replica) => ({ replica, lot: Math.random() }))
        .sort((a, b) => a.lot - b.lot)
        .map(({ replica }) => replica),
    endWaiting() {
      waitsNoMore = true
      members.endWaiting()
    },
    close() {
      members.close()
    },
  }
}

export const unavailable = () =>
  new Refusal('service_unavailable', 'The service behind this path does not answer', { retryAfterSeconds: 1 })

const pathAlone = (target: string) => {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
