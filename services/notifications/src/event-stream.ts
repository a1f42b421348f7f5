import type { Caller, StreamNotice } from '@channelling/contract'
import type { Log } from '@channelling/http'
import type { Feed } from './feed'
import type { FramedEvent } from './framing'
import { type Position, writePosition } from './rules/position'
import type { Topics } from './rules/topics'
import { seesWhole } from './rules/visibility'
import { type Outlet, type Subscription, subscribe } from './subscription'

/** Characters that may wait to be read. */
const FULL_CHARACTERS = 64 * 1024
const HEARTBEAT_MS = 10_000
/**
 * How long one answer lasts. Who reads it asks again at once, from where it ended, and is then asked for a key again: one that was retired
 * meanwhile is good no longer than this.
 */
const LASTS_MS = 60_000
/** When a browser asks again. */
const RETRY_MS = 500

export interface EventStreamOptions {
  feed: Feed
  log: Log
  caller: Pick<Caller, 'clientId' | 'access'>
  from: Position | null
  topics: Topics
  heartbeatMs?: number
  lastsMs?: number
}

/** One message of the stream; `data` has no line breaks. */
const message = (id: string, type: string, data: string) => `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`

/**
 * The stream as Server-Sent Events: what was missed, and then what happens. Nothing is read from anywhere before somebody reads it, nor
 * faster than they do.
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { feed, log, caller, from, topics, heartbeatMs = HEARTBEAT_MS, lastsMs = LASTS_MS } = options
  const encoder = new TextEncoder()
  let pending = `retry: ${RETRY_MS}\n\n`
  let ended = false
  let subscription: Subscription | undefined
  let epoch = ''
  const timers: Timer[] = []
  /** Tells the reader that there is something to read, or that there will be no more. */
  let fill = () => {}
  /** Tells the subscription that there is room again, or nobody any more to read. */
  let giveRoom = () => {}

  function write(text: string): void {
    pending += text
    fill()
  }

  function end(): void {
    ended = true
    subscription?.stop()
    for (const timer of timers) clearInterval(timer)
    fill()
    giveRoom()
  }

  const outlet: Outlet = {
    send(events) {
      let sent = 0
      let text = ''
      for (const framed of events) {
        if (pending.length + text.length > FULL_CHARACTERS) break
        text += framedMessage(framed)
        sent++
      }
      if (sent > 0) write(text)
      return sent
    },
    say(notice) {
      epoch = notice.epoch
      write(noticeMessage(notice))
    },
    async room() {
      if (!ended && pending.length > FULL_CHARACTERS / 2) await new Promise<void>((resolve) => (giveRoom = resolve))
      return !ended
    },
    // what waits is still read; who reads it asks again from there
    tooSlow: end,
    end,
  }

  const framedMessage = ({ event, ...framed }: FramedEvent) =>
    message(
      writePosition({ epoch, seq: event.seq }),
      event.type,
      seesWhole(caller, event) ? framed.whole : framed.reduced,
    )

  /** What was missed comes after the `hello`: who is cut off in between has to ask for it again. */
  const noticeMessage = (notice: Extract<StreamNotice, { epoch: string }>) =>
    message(writePosition(notice.type === 'hello' && from ? from : notice), notice.type, JSON.stringify(notice))

  function begin(): void {
    const beat = () => {
      const position = subscription?.position()
      // an id alone moves the place from which a browser goes on
      if (position && pending === '') write(`: heartbeat\nid: ${writePosition(position)}\n\n`)
    }
    timers.push(setInterval(beat, heartbeatMs), setTimeout(end, lastsMs))
    subscription = subscribe({ feed, topics, from, outlet, log })
    if (ended) end()
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!subscription && !ended) begin()
        if (pending === '' && !ended) await new Promise<void>((resolve) => (fill = resolve))
        fill = () => {}
        if (pending !== '') controller.enqueue(encoder.encode(pending))
        pending = ''
        if (ended) controller.close()
        else giveRoom()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
