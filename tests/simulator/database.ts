import type { ServerClient } from '@channelling/schema'
import type { Chance } from '../support/chance'
import type { Network } from './network'
import type { Process, Scheduler } from './scheduler'
import type { Asked, ResultSet, Store } from './store'

/** After which a client gives a request up. */
const ANSWER_MS_MAX = 10_000

/** The one database server, which all processes reach over a faulty network. */
export interface DatabaseServer {
  /** A client in the process whose turn it is. */
  connect(): ServerClient
  /** Nobody reaches it for a while, and what it has to say is lost. */
  goAway(ms: number): void
}

interface Request {
  name: string
  statements: readonly Asked[]
  mode: 'read' | 'write'
}

/**
 * @param onWrite called after each write that was done
 */
export function createDatabaseServer(
  store: Store,
  {
    scheduler,
    network,
    chance,
    onWrite,
  }: { scheduler: Scheduler; network: Network; chance: Chance; onWrite: () => void },
): DatabaseServer {
  const server = scheduler.start('database')
  let awayUntil = 0
  let busyUntil = 0
  let asked = 0
  const { hits, delay, weather } = network

  function request(from: Process, statements: readonly Asked[], mode: Request['mode']): Promise<ResultSet[]> {
    const name = `${mode} ${++asked}`
    scheduler.note(`${name} asks ${statements.map(inShort).join(', ')}`)
    return new Promise((resolve, reject) => {
      let over = false
      const settle = (ms: number, how: () => void) =>
        scheduler.after(from, ms, () => {
          if (over) return
          over = true
          how()
        })
      const fail = (ms: number, error: Error & { code?: string }) =>
        settle(ms, () => {
          scheduler.note(`${name} fails: ${error.code ?? error.name}`)
          reject(error)
        })
      settle(ANSWER_MS_MAX, () => reject(timedOut()))
      if (hits(weather().refused)) return fail(delay(), connectionFault(chance))
      const isLate = hits(weather().late)
      if (isLate) fail(delay(), connectionFault(chance))
      scheduler.after(server, delay() + (isLate ? delay() + 200 * chance.next() : 0), () => arrive())

      function arrive(): void {
        // of what a process sent before it died, some never left
        if (!from.alive && chance.next() < 0.5) return
        if (scheduler.now() < awayUntil) {
          fail(delay(), connectionFault(chance))
          return
        }
        try {
          if (mode === 'write') requireIdle()
          const results = store.carryOut(statements, mode)
          scheduler.note(`${name} is done`)
          if (mode === 'write') onWrite()
          const lost = hits(weather().answerLost)
          // a lost answer is found out about at once, or by the deadline
          if (lost && chance.next() < 0.8) fail(delay(), connectionFault(chance))
          else if (!lost) answer(results)
        } catch (error) {
          scheduler.note(`${name} is refused: ${(error as Error).message}`)
          fail(delay(), error as Error)
        }
      }

      function answer(results: ResultSet[]): void {
        const ms = delay()
        if (scheduler.now() + ms < awayUntil) return
        settle(ms, () => resolve(results))
      }
    })
  }

  function requireIdle(): void {
    if (hits(weather().busy)) busyUntil = scheduler.now() + chance.next() * weather().busyMsMax
    if (scheduler.now() < busyUntil) {
      throw Object.assign(new Error('SQLITE_BUSY: database is locked'), { code: 'SQLITE_BUSY' })
    }
  }

  return {
    connect() {
      const process = scheduler.current()
      const batch = (statements: readonly Asked[], mode: Request['mode']) => request(process, statements, mode)
      return {
        execute: async (statement: Asked) => (await batch([statement], 'read'))[0]!,
        batch,
        close() {},
      } as unknown as ServerClient
    },
    goAway(ms) {
      awayUntil = scheduler.now() + ms
      scheduler.note(`the database is away for ${ms.toFixed(0)} ms`)
    },
  }
}

const connectionFault = (chance: Chance) =>
  Object.assign(new Error('The connection broke'), {
    code: chance.one(['ECONNREFUSED', 'ECONNRESET', 'ConnectionClosed']),
  })

const timedOut = () => Object.assign(new Error('The operation timed out'), { name: 'TimeoutError' })

/** A statement as a trace shows it: what it does, and to what. */
function inShort({ sql }: Asked): string {
  const [verb = ''] = sql.trim().split(/\s/, 1)
  const [, table = ''] = /(?:UPDATE|INTO|\bJOIN|DELETE FROM|FROM) (\w+)/.exec(sql) ?? []
  return `${verb} ${table}`
}
