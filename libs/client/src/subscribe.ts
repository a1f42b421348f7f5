import { addressOf } from './address'
import { type Connection, type Ended, follow, PROTOCOL, type SocketConstructor } from './connection'
import type { Frame } from './frames'
import { createInbox } from './inbox'
import { createIntake, type Item } from './intake'
import type { Credential, Ending, SubscribeOptions, Subscription, SubscriptionState } from './options'
import { type Patience, patience, pause, retryAfter } from './patience'
import { readPosition, written } from './position'
import { isFinal, KEY_NO_LONGER_GOOD, type Refused, refusedTicket, whyRefused } from './refusal'

/** How many events may wait for `onEvent`. Beyond, the connection is given up, and the rest asked for once these are done. */
const WAITING_MAX = 2000

/** An attempt that came to nothing, or a connection that is over. */
type Over = Omit<Ended, 'spoke'> & { refused: Refused | null }

/**
 * Hears of every event from `from` on, or from now on, whatever becomes of connections and of the server.
 * @throws TypeError for options that cannot be
 */
export const subscribe = (options: SubscribeOptions): Subscription => subscribeWith(patience, options)

/** `subscribe`, with a patience of its own. */
export function subscribeWith(patience: Patience, options: SubscribeOptions): Subscription {
  const { onEvent, onResync, onState, signal } = options
  const address = addressOf(options.url, options)
  requireOneCredential(options)
  const Socket = options.webSocket ?? (globalThis.WebSocket as unknown as SocketConstructor | undefined)
  if (!Socket) throw new TypeError('There is no WebSocket here: give one as webSocket')

  const intake = createIntake(options.from ? readPosition(options.from) : null)
  let handled = intake.taken()
  const inbox = createInbox(handle, fail, WAITING_MAX)
  const stopping = new AbortController()
  // whoever closes does not wait for a ticket that never comes
  const stopped = new Promise<null>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(null))
  })
  let ending: Ending | null = null
  let connection: Connection | null = null

  function handle({ at, event, resync }: Item): void | Promise<void> {
    const done = event ? onEvent(event, written(at)) : resync ? onResync?.(resync) : undefined
    if (!isPromise(done)) {
      handled = at
      return
    }
    return done.then(() => {
      handled = at
    })
  }

  function end(how: Ending): void {
    if (ending) return
    ending = how
    inbox.clear()
    stopping.abort()
    connection?.end('it is no longer wanted')
  }

  function fail(error: unknown): void {
    end({ why: 'failed', error })
  }

  function tell(state: SubscriptionState): void {
    try {
      onState?.(state)
    } catch (error) {
      fail(error)
    }
  }

  function hear(frame: Frame): void {
    if (inbox.full) {
      connection?.end(BEHIND)
      return
    }
    const was = intake.caughtUp()
    const item = intake.take(frame)
    if (item) inbox.add(item)
    if (intake.caughtUp() && !was) tell({ state: 'live' })
  }

  /** Connects, and stays until the connection ends. */
  async function attend(): Promise<Over> {
    intake.begin()
    const resumed = intake.taken()
    const from = resumed && written(resumed)
    const access = await admission(options, stopped)
    if ('refused' in access) return { code: null, reason: 'no ticket was to be had', refused: access.refused }
    if (ending) return gone
    const socket = new Socket!(address.socket({ from, ticket: access.ticket }), access.options)
    connection = follow(socket, hear, patience)
    const { spoke, ...ended } = await connection.ended
    connection = null
    if (ended.code === KEY_NO_LONGER_GOOD) {
      return { ...ended, refused: { status: KEY_NO_LONGER_GOOD, reason: ended.reason } }
    }
    if (spoke || ending || options.key === undefined) return { ...ended, refused: null }
    const refused = await whyRefused(address.events({ from }), options.key, stopping.signal)
    return { ...ended, reason: refused?.reason ?? ended.reason, refused }
  }

  async function stay(): Promise<void> {
    let failures = 0
    while (!ending) {
      tell({ state: 'connecting' })
      const { code, reason, refused } = await attend()
      if (ending) return
      if (refused && isFinal(refused)) return end({ why: 'refused', ...refused })
      const behind = reason === BEHIND
      // whoever brought everything up to date is well, however soon the connection was cut
      failures = behind ? 0 : intake.caughtUp() ? 1 : failures + 1
      const retryInMs = behind ? 0 : Math.max(retryAfter(failures, Math.random(), patience), refused?.retryAfter ?? 0)
      tell({ state: 'waiting', retryInMs, code, reason })
      await (behind ? inbox.idle() : pause(retryInMs, stopping.signal))
    }
  }

  async function live(): Promise<Ending> {
    // nothing is told before the caller holds the subscription
    await Promise.resolve()
    await stay().catch(fail)
    await inbox.idle()
    signal?.removeEventListener('abort', close)
    tell({ state: 'closed', ending: ending! })
    if (ending!.why === 'failed') throw ending!.error
    return ending!
  }

  const close = () => end({ why: 'asked' })
  signal?.addEventListener('abort', close)
  if (signal?.aborted) close()
  const closed = live()
  return { position: () => handled && written(handled), close, closed }
}

const BEHIND = 'onEvent is behind'

const gone: Over = { code: null, reason: '', refused: null }

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

function requireOneCredential({ key, ticket }: Credential): void {
  if ((key === undefined) === (ticket === undefined))
    throw new TypeError('Give a key or a ticket callback, one of them')
  if (key !== undefined && 'document' in globalThis) {
    throw new TypeError('A page cannot send a key with a socket, and must not hold one: give a ticket callback')
  }
}

/** What a handshake needs to be let in, or why there is nothing that would do. */
type Admission = { ticket: string | null; options: object } | { refused: Refused | null }

async function admission({ key, ticket }: Credential, stopped: Promise<null>): Promise<Admission> {
  if (key !== undefined) return { ticket: null, options: { protocols: [PROTOCOL], headers: { Finance: key } } }
  try {
    return { ticket: await Promise.race([ticket(), stopped]), options: [PROTOCOL] }
  } catch (error) {
    return { refused: refusedTicket(error) }
  }
}
