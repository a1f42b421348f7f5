import { type Caller, Refusal } from '@channelling/contract'
import type { Holder, Places } from '../limits/places'

/** When a caller with as many sockets as it may have does well to try again. */
const TRY_AGAIN_SECONDS = 10

/** A screen that was let in without a key, where that is allowed: no client, and no key that could cease to be good. */
export const SCREEN_WITHOUT_KEY: Caller = {
  clientId: 0,
  keyId: 0,
  access: 'own',
  scopes: ['notifications:read'],
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
  giveBack: () => void
}

/** @param places which they share with the requests that wait */
export function createOpenSockets(places: Places): OpenSockets {
  const byKey = new Map<number, Set<Open>>()
  let count = 0

  function enter(open: Open): void {
    count++
    const ofKey = byKey.get(open.caller.keyId)
    if (ofKey) ofKey.add(open)
    else byKey.set(open.caller.keyId, new Set([open]))
  }

  function leave(open: Open): void {
    count--
    open.giveBack()
    const ofKey = byKey.get(open.caller.keyId)
    ofKey?.delete(open)
    if (ofKey?.size === 0) byKey.delete(open.caller.keyId)
  }

  return {
    requireRoomAt(address) {
      if (places.isFullAt(address)) throw tooMany('this address')
    },
    requireRoomFor(caller) {
      if (caller.keyId !== SCREEN_WITHOUT_KEY.keyId && places.isFullFor(caller)) throw tooMany('this key')
    },
    counted(holder, events) {
      const own = events as Partial<SocketEvents>
      let entered: Open | undefined
      return {
        ...events,
        open(socket) {
          entered = { ...holder, socket, giveBack: places.take(holder) }
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
  new Refusal('too_many_sockets', `As many sockets and requests that wait are open for ${whose} as may be`, {
    retryAfterSeconds: TRY_AGAIN_SECONDS,
  })
