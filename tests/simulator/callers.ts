import { createHash } from 'node:crypto'
import type { BookingCommand } from '@channelling/bookings'
import type { Caller } from '@channelling/contract'
import { type Log, refusalOf } from '@channelling/http'
import type { Chance } from '../support/chance'
import type { Bookings } from './bookings'
import { clients, PATIENTS, reservedNumbers, SESSIONS } from './data'
import type { Host } from './host'
import type { Network } from './network'
import { type Answer, type Operation, tagOf } from './operation'
import type { Scheduler } from './scheduler'

/** How long a caller waits for an answer. */
const PATIENCE_MS = 15_000
/** What means: try again. */
const AGAIN = new Set(['overloaded', 'service_unavailable'])

export interface Callers {
  operations: Operation[]
  /** How many callers have more to ask. */
  busy(): number
}

interface CallersOptions {
  hosts: readonly Host<Bookings>[]
  scheduler: Scheduler
  network: Network
  chance: Chance
  log: Log
  /** How many callers there are at a time, and how much each asks for. */
  lanes: number
  each: number
  thinkMs: number
  onAnswer: (operation: Operation, answer: Answer) => void
  fault: (what: string) => void
}

/** Callers who book, hold, move, complete and cancel, and ask again with the same Idempotency-Key until they are answered. */
export function startCallers(options: CallersOptions): Callers {
  const { hosts, scheduler, network, chance, log, onAnswer, fault } = options
  const operations: Operation[] = []
  /** Bookings that callers were told of. */
  const known: { id: number; clientId: number }[] = []
  let busy = options.lanes

  function command(id: number): BookingCommand {
    const clientId = 1 + chance.whole(clients.length)
    const callerOf = (which: number): Caller => ({
      clientId: which,
      keyId: 1,
      access: clients[which - 1]!.access,
      scopes: [],
    })
    const sessionId = 1 + chance.whole(SESSIONS)
    const what = chance.next()
    if (known.length === 0 || what < 0.55) {
      const isDesk = clientId === 1
      const reserved = reservedNumbers[sessionId]
      return {
        kind: 'reserve',
        caller: callerOf(clientId),
        sessionId,
        patientId: 1 + chance.whole(PATIENTS),
        paymentMethod: chance.one(['OnCall', 'Cash']),
        reference: chance.next() < 0.2 ? `own ${chance.whole(6)}` : null,
        itemId: id,
        hold: chance.next() < 0.4,
        ...(isDesk && reserved && chance.next() < 0.2 && { number: chance.one(reserved) }),
      }
    }
    // of late ones more is still to be done
    const booking = known[known.length - 1 - Math.floor(chance.next() ** 2 * known.length)]!
    const caller = callerOf(chance.next() < 0.8 ? booking.clientId : clientId)
    const of = { caller, bookingId: booking.id }
    if (what < 0.75) return { kind: 'cancel', ...of, actor: 'patient', reason: tagOf(id) }
    if (what < 0.9) return { kind: 'reschedule', ...of, sessionId, reason: tagOf(id) }
    return { kind: 'complete', ...of, paymentReference: tagOf(id) }
  }

  /** Asks one replica once. */
  function ask(operation: Operation): Promise<Answer> {
    const { key, command: asked } = operation
    const caller = scheduler.current()
    const affine = 'sessionId' in asked ? asked.sessionId : asked.bookingId
    const host = chance.next() < 0.5 ? hosts[affine % hosts.length]! : chance.one(hosts)
    const nothing = (undone = false): Answer => ({ kind: 'nothing', undone })
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(nothing()), PATIENCE_MS)
      const reply = (answer: Answer) =>
        scheduler.after(caller, network.delay(), () => {
          clearTimeout(timer)
          resolve(network.hits(network.weather().callLost) ? nothing() : answer)
        })
      if (network.hits(network.weather().callLost)) return reply(nothing())
      scheduler.note(`asks ${host.name} for ${tagOf(operation.id)}: ${asked.kind}`)
      scheduler.after(host.process(), network.delay(), () => {
        const service = host.service()
        if (!service) return reply(nothing())
        host.onCrash(() => reply(nothing()))
        const once = key ? { key, fingerprint: fingerprint(asked) } : undefined
        service.submit(asked, once).then(
          ({ view, replayed }) => reply({ kind: 'done', view, replayed }),
          (error) => {
            const refusal = refusalOf(error, log, '')
            const { reason, message } = refusal
            if (reason === 'internal_error') fault(`${tagOf(operation.id)} was answered with a fault: ${error}`)
            if (reason === 'service_unavailable') reply(nothing())
            else if (AGAIN.has(reason)) reply(nothing(true))
            else reply({ kind: 'refused', reason, message, replayed: refusal.details.replayed === true })
          },
        )
      })
    })
  }

  async function perform(operation: Operation): Promise<void> {
    for (;;) {
      const answer = await ask(operation)
      if (answer.kind !== 'nothing') {
        scheduler.note(`${tagOf(operation.id)} is ${answer.kind}`)
        operation.fate = answer.kind
        operation.answers.push(answer)
        onAnswer(operation, answer)
        return
      }
      if (!operation.key) {
        operation.fate = answer.undone ? 'refused' : 'unknown'
        return
      }
      await Bun.sleep(50 + chance.next() * 500)
    }
  }

  async function live(lane: number): Promise<void> {
    for (let count = 0; count < options.each; count++) {
      await Bun.sleep(chance.next() * options.thinkMs)
      const id = operations.length + 1
      const key = chance.next() < 0.8 ? `key ${lane}.${count}` : null
      const operation: Operation = { id, key, command: command(id), answers: [], fate: 'under way' }
      operations.push(operation)
      // the impatient ask twice at once, the careful ask again later
      await Promise.all(key && chance.next() < 0.15 ? [perform(operation), perform(operation)] : [perform(operation)])
      const [first] = operation.answers
      if (first?.kind === 'done' && operation.command.kind === 'reserve') {
        known.push({ id: first.view.id, clientId: operation.command.caller.clientId })
      }
      if (key && chance.next() < 0.15) await perform(operation)
    }
    busy--
  }

  for (let lane = 1; lane <= options.lanes; lane++) {
    scheduler.after(scheduler.start(`caller-${lane}`), 0, () => {
      live(lane).catch((error) => fault(`a caller failed: ${error}`))
    })
  }
  return { operations, busy: () => busy }
}

const fingerprint = ({ caller: _, ...asked }: BookingCommand) =>
  createHash('sha256').update(JSON.stringify(asked)).digest('hex')
