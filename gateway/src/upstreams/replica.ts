import { Refusal } from '@channelling/contract'
import { LINK_HEADER, LINK_PATH, LIVE_PATH, type Log, READY_PATH, saysItLeaves } from '@channelling/http'
import { answerOf, passOn } from './answer'
import { createBreaker } from './breaker'
import { type Call, type Carried, createLink } from './link'
import { createSlots } from './slots'
import { unanswered } from './unanswered'

const PROBE_EVERY_MS = 500
/** While it is down, so that it is back soon after it is. */
const PROBE_DOWN_EVERY_MS = 200
const PROBE_ANSWER_MS_MAX = 1_000
/** Probes missed before a process that takes connections is taken for one that hangs: a long pause is not the end. */
const PROBES_MISSED_MAX = 2
/**
 * Requests under way at a time over a link, which takes no connection from anybody. What comes together is saved together: of two groups of
 * bookings, 256 each, one gathers while the other is brought to the disk.
 */
const LINKED_AT_ONCE_MAX = 512
const DEADLINES_EVERY_MS = 100
/** How long an answer that does not end is passed on: longer than the service lets it last. */
const STREAM_MS_MAX = 90_000

/** A request as a service gets it. */
export interface Asked extends Carried {
  /** Whether it may be sent again when its connection breaks. */
  isSafe: boolean
  /** Whether the answer may wait for something to happen, or not end. */
  waits: boolean
  /** When nobody wants the answer any more, as `performance.now()` tells it. */
  until: number
}

/** One process of a service. Whether it is up is found out by probes, and by what becomes of requests. */
export interface Replica {
  origin: string
  isUp(): boolean
  /** Whether it answers still but said that it will not for long. */
  isLeaving(): boolean
  /** @throws Unanswered, or Refusal `overloaded` */
  send(asked: Asked): Promise<Response>
  /** Calls it once when the replica is found to be down, until it is told that this is of no interest any more. */
  whenDown(listener: () => void): () => void
  /** Ends the requests that wait for something to happen. */
  endWaiting(): void
  /** So many at a time from now on; what is under way goes on. */
  resize(to: Pick<ReplicaOptions, 'atOnceMax' | 'waitingMax'>): void
  close(): void
}

export interface ReplicaOptions {
  /** `http://bookings-1:3000` */
  origin: string
  /** Requests under way at a time, each on a connection of its own. */
  atOnceMax: number
  /** Requests beside them that wait for something to happen. */
  waitingMax: number
  log: Log
}

export function createReplica({ origin, atOnceMax, waitingMax, log }: ReplicaOptions): Replica {
  const slots = createSlots(atOnceMax)
  const waitingSlots = createSlots(waitingMax)
  const linkedSlots = createSlots(LINKED_AT_ONCE_MAX)
  const listeners = new Set<() => void>()
  const underWay = new Set<{ until: number; waits: boolean; end(): void }>()
  const link = createLink(`${origin}${LINK_PATH}`)
  const breaker = createBreaker()
  let up = true
  let leaving = false
  let missed = 0
  let closed = false

  /** @param hangs whether its connections are still there, and nothing comes of them */
  function goDown(hangs: boolean): void {
    // what hangs would hold its slot, and its caller, until the deadline; what is gone breaks off by itself, perhaps after a last answer
    if (hangs) {
      for (const { end } of underWay) end()
      link.close()
    }
    for (const each of [slots, linkedSlots]) each.dismiss(() => true)
    for (const listener of [...listeners]) {
      listeners.delete(listener)
      listener()
    }
    if (!up) return
    up = false
    log.warn({ address: origin }, 'a service does not answer')
  }

  /** It says so with every answer; a later process at the same address does not. */
  function noteLeaving(response: Response): void {
    const leaves = saysItLeaves(response)
    if (leaves && !leaving) log.info({ address: origin }, 'a service is leaving')
    leaving = leaves
  }

  function comeUp(): void {
    breaker.reset()
    up = true
    log.info({ address: origin }, 'a service answers again')
  }

  async function ask(path: string): Promise<Response> {
    const answer = await fetch(`${origin}${path}`, { signal: AbortSignal.timeout(PROBE_ANSWER_MS_MAX) })
    await answer.bytes()
    return answer
  }

  /** One that lived all the time, and answered nothing, has to say that it can: no caller pays for the trial. */
  async function mayComeUp(): Promise<boolean> {
    if (!breaker.leavesAlone()) return true
    const answer = breaker.mayAsk() ? await ask(READY_PATH).catch(() => undefined) : undefined
    return answer?.ok === true
  }

  async function probe(): Promise<void> {
    try {
      const answer = await ask(LIVE_PATH)
      missed = 0
      noteLeaving(answer)
      if (!up && answer.ok && (await mayComeUp())) comeUp()
      if (up && answer.headers.get(LINK_HEADER) === LINK_PATH) void link.open()
    } catch (error) {
      missed++
      const isGone = unanswered(error).why === 'refused'
      if (isGone || missed >= PROBES_MISSED_MAX) goDown(!isGone)
    }
    if (!closed) timer = setTimeout(probe, up ? PROBE_EVERY_MS : PROBE_DOWN_EVERY_MS)
  }

  let timer = setTimeout(probe, 0)
  const deadlines = setInterval(() => {
    const now = performance.now()
    for (const each of [slots, linkedSlots]) each.dismiss((until) => until <= now)
    for (const { until, end } of underWay) if (until <= now) end()
  }, DEADLINES_EVERY_MS)

  return {
    origin,
    isUp: () => up,
    isLeaving: () => leaving,
    async send(asked) {
      const { until, waits } = asked
      // an answer that does not end would be in the way of the others
      const linked = !waits && link.isOpen()
      const taken = waits ? waitingSlots : linked ? linkedSlots : slots
      if (!taken.tryTake()) {
        if (waits) throw tooManyWait()
        await taken.take(until)
      }
      const sent = { at: performance.now(), until, linked }
      const { answer, end } = linked ? link.send(asked) : sendOverHttp(origin, asked)
      const call = { until, waits, end }
      underWay.add(call)
      let passing = false
      const finish = () => {
        if (underWay.delete(call)) taken.giveBack()
      }
      try {
        const response = await answer
        noteLeaving(response)
        if (waits && isEndless(response)) {
          passing = true
          call.until = performance.now() + STREAM_MS_MAX
          call.end = () => {
            end()
            finish()
          }
          breaker.answered()
          return passOn(response, finish)
        }
        const whole = linked ? response : await answerOf(response)
        whole.headers.delete('connection')
        breaker.answered()
        return whole
      } catch (error) {
        const fault = unanswered(error)
        if (fault.why === 'refused') goDown(false)
        else if (up && breaker.failsWith(fault, sent)) goDown(true)
        throw fault
      } finally {
        if (!passing) finish()
      }
    },
    whenDown(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    endWaiting() {
      for (const { waits, end } of [...underWay]) if (waits) end()
    },
    resize(to) {
      slots.resize(to.atOnceMax)
      waitingSlots.resize(to.waitingMax)
    },
    close() {
      closed = true
      clearTimeout(timer)
      clearInterval(deadlines)
      for (const { end } of underWay) end()
      link.close()
    },
  }
}

const tooManyWait = () =>
  new Refusal('overloaded', 'Too many requests wait for something to happen', { retryAfterSeconds: 5 })

/** A request on a connection of its own. */
function sendOverHttp(origin: string, { method, target, headers, body, isSafe }: Asked): Call {
  const controller = new AbortController()
  const answer = fetch(`${origin}${target}`, {
    method,
    headers,
    body,
    signal: controller.signal,
    // on a kept connection that breaks, `fetch` itself sends anything but POST and PATCH a second time
    keepalive: isSafe || method === 'POST',
    redirect: 'manual',
    decompress: false,
  })
  return { answer, end: () => controller.abort() }
}

const isEndless = ({ headers }: Response) => headers.get('content-type')?.startsWith('text/event-stream') === true
