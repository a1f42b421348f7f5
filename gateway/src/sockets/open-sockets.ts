import { type Caller, Refusal } from '@channelling/contract'
import { networkOf } from '../rate-limit-failures'

/** When a caller with as many sockets as it may have does well to try again. */
const TRY_AGAIN_SECONDS = 10

/** A screen that was let in without a key, where that is allowed: no client, and no key that could cease to be good. */
export const SCREEN_WITHOUT_KEY: Caller = {
  clientId: 0,
  keyId: 0,
  access: 'own',
  scopes: ['notifications:read'],
}

/** Who opens a socket, and from where. */
export interface Holder {
  caller: Caller
  address: string
}

/** What is done to a Bun socket that is open. */
export interface Closable {
  close(code: number, reason: string): void
}

/** What a socket does when it opens, hears something, and closes; Elysia hands the events of a Bun socket to its `data`. */
export interface SocketEvents<Socket extends Closable = Closable> {
  open(socket: Socket): void
  close(socket: Socket, code: number, reason: string): void
}

/** Why a socket has to close. */
export interface Ending {
  code: number
  reason: string
}

/** The sockets that are open at this door: whose they are, how many each may have, and the way to close them. */
export interface OpenSockets {
  /** @throws Refusal `too_many_sockets` */
  requireRoomAt(address: string): void
  /** @throws Refusal `too_many_sockets` */
  requireRoomFor(caller: Caller): void
  /** The same events; the socket counts from its opening until it closes, however it does. */
  counted<Events extends object>(holder: Holder, events: Events): Events & SocketEvents
  /** The keys that have sockets. */
  keyIds(): number[]
  /** Closes what a key opened, where there is a reason to. */
  judge(keyId: number, verdict: (caller: Caller) => Ending | undefined): void
  closeAll(ending: Ending): void
  count(): number
}

interface Open extends Holder {
  socket: Closable
}

/**
 * @param limits how many may be open at a time for a key and for an address; 0 is any number. Of IPv6 addresses those of one network
 * count together.
 */
export function createOpenSockets(limits: { perKey: number; perAddress: number }): OpenSockets {
  const byKey = new Map<number, Set<Open>>()
  const byNetwork = new Map<string, number>()
  let count = 0

  function enter(open: Open): void {
    const { caller, address } = open
    count++
    const network = networkOf(address)
    byNetwork.set(network, (byNetwork.get(network) ?? 0) + 1)
    const ofKey = byKey.get(caller.keyId)
    if (ofKey) ofKey.add(open)
    else byKey.set(caller.keyId, new Set([open]))
  }

  function leave(open: Open): void {
    const { caller, address } = open
    count--
    const network = networkOf(address)
    const left = (byNetwork.get(network) ?? 0) - 1
    if (left > 0) byNetwork.set(network, left)
    else byNetwork.delete(network)
    const ofKey = byKey.get(caller.keyId)
    ofKey?.delete(open)
    if (ofKey?.size === 0) byKey.delete(caller.keyId)
  }

  return {
    requireRoomAt(address) {
      const { perAddress } = limits
      if (perAddress > 0 && (byNetwork.get(networkOf(address)) ?? 0) >= perAddress) throw tooMany('this address')
    },
    requireRoomFor({ keyId }) {
      const { perKey } = limits
      if (perKey === 0 || keyId === SCREEN_WITHOUT_KEY.keyId) return
      if ((byKey.get(keyId)?.size ?? 0) >= perKey) throw tooMany('this key')
    },
    counted(holder, events) {
      const own = events as Partial<SocketEvents>
      let entered: Open | undefined
      return {
        ...events,
        open(socket) {
          entered = { ...holder, socket }
          enter(entered)
          own.open?.(socket)
        },
        close(socket, code, reason) {
          if (entered) leave(entered)
          entered = undefined
          own.close?.(socket, code, reason)
        },
      }
    },
    keyIds: () => [...byKey.keys()].filter((id) => id !== SCREEN_WITHOUT_KEY.keyId),
    judge(keyId, verdict) {
      for (const { caller, socket } of [...(byKey.get(keyId) ?? [])]) {
        const ending = verdict(caller)
        if (ending) socket.close(ending.code, ending.reason)
      }
    },
    closeAll({ code, reason }) {
      for (const among of [...byKey.values()]) for (const { socket } of [...among]) socket.close(code, reason)
    },
    count: () => count,
  }
}

const tooMany = (whose: string) =>
  new Refusal('too_many_sockets', `As many sockets are open for ${whose} as may be`, {
    retryAfterSeconds: TRY_AGAIN_SECONDS,
  })
