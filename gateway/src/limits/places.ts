import type { Caller } from '@channelling/contract'
import { networkOf } from './failed-attempts'

/** Who holds something open here, and from where. */
export interface Holder {
  caller: Caller
  address: string
}

/** What each key and each address holds open at this gateway: its sockets, and its requests that wait. */
export interface Places {
  /** Whether an address has as many as it may. Of IPv6 addresses those of one network count together. */
  isFullAt(address: string): boolean
  /** Whether a key has as many as it may. */
  isFullFor(caller: Caller): boolean
  /** Counts one more, whether there is room or not. @returns what gives the place back, once */
  take(holder: Holder): () => void
}

/** @param limits how many may be held at a time for a key and for an address; 0 is any number */
export function createPlaces(limits: { perKey: number; perAddress: number }): Places {
  const byKey = new Map<number, number>()
  const byNetwork = new Map<string, number>()
  return {
    isFullAt: (address) => limits.perAddress > 0 && (byNetwork.get(networkOf(address)) ?? 0) >= limits.perAddress,
    isFullFor: ({ keyId }) => limits.perKey > 0 && (byKey.get(keyId) ?? 0) >= limits.perKey,
    take({ caller, address }) {
      const giveBack = [count(byKey, caller.keyId), count(byNetwork, networkOf(address))]
      return () => {
        for (const give of giveBack.splice(0)) give()
      }
    },
  }
}

/** One more of a name. @returns what makes it one less */
export function count<Name>(counts: Map<Name, number>, name: Name): () => void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
  return () => {
    const left = (counts.get(name) ?? 0) - 1
    if (left > 0) counts.set(name, left)
    else counts.delete(name)
  }
}
