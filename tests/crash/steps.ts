/** A booking with something happening to the server at one step of it, and what has to be true afterwards. */
import { join } from 'node:path'
import { faultsIn, readBooks } from '../support/books'
import { aHospital, aSession } from '../support/hospital'
import { isBrought } from '../support/log'
import { afterPowerCut, dataFiles } from '../support/power-cut'
import { type Server, startServer } from '../support/server'
import { type FileCall, fileCalls, type Mishap, type SystemCall, watch } from '../support/strace'
import { type Changed, changed } from './changes'
import { type Asked, book, broken, type Promised } from './promises'

/** The files that are watched. */
export const dataPaths = ({ dataDir }: Server) => dataFiles.map((name) => join(dataDir, name))

/** How long a start may take until it is ready: 95 of 100 do. */
export const READY_MS_MAX = 2000
/** How long a single start may take: one can fall into a moment in which the machine has other things to do. */
export const SINGLE_READY_MS_MAX = 20_000
/** How long the process may go on after a disk fault, which it leaves after half a second, and the machine's pauses. */
const LEAVING_MS_MAX = 5000

export interface Step {
  /** Everything that is wrong, as sentences. */
  faults: string[]
  /** The calls that the booking made, up to its end. */
  calls: SystemCall[]
  /** Whether the mishap came to pass. */
  happened: boolean
  status: number | undefined
}

/** A booking that was asked for, to be asked for again. */
interface Due {
  asked: Asked
  /** What was answered, if anything was. */
  text: string | undefined
  /** Whether it was found in the books. */
  there: boolean
}

export interface Walk {
  server: Server
  /** Whether a step lasts until the log is brought to the file, or a mishap kept it from that. */
  emptiesLog: boolean
  /** What mishaps happen to. */
  paths: string[]
  promised: Promised[]
  due: Due[]
}

/** A server to walk with, as it is or changed. */
export async function startWalk(
  how?: Changed,
  seed = aHospital({ sessions: [aSession({ capacity: 1000 })] }),
): Promise<Walk & AsyncDisposable> {
  const server = await startServer({ ...changed(how), seed })
  return {
    server,
    emptiesLog: how === 'empties the log often',
    paths: dataPaths(server),
    promised: [],
    due: [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Starts the server again on its data, and says how long it took to be ready. */
export async function restartTimed(server: Server): Promise<number> {
  const began = performance.now()
  await server.restart()
  while ((await server.call('GET', '/health/ready')).status !== 200) await Bun.sleep(5)
  return performance.now() - began
}

const faultsOfBooks = (folder: string, promised: Promised[]) => {
  const books = readBooks(folder)
  return [...faultsIn(books), ...broken(promised, books)]
}

/**
 * Asks a running server for a booking and lets the mishap happen, kills it whatever came of that, looks at what it left and at what
 * a power cut would have left, and starts it again.
 */
export async function takeStep(on: Walk, after: 'kill' | 'disk fault', mishap?: Mishap): Promise<Step> {
  const { server, promised, due, paths } = on
  const faults: string[] = []
  const name = `step-${due.length + 1}`
  const asked = { name, body: { sessionInstanceId: 1, patientId: 1, reference: name } }

  const watching = await watch(server.pid, paths, mishap)
  const reply = await book(server, asked)
  if (on.emptiesLog) await emptied(server)
  if (reply?.status === 201) promised.push(reply.body.data)
  else if (after === 'disk fault') faults.push(...(await faultsOfLeaving(server, reply?.body.reason)))
  // whom the mishap killed is dead already
  await server.kill()
  const calls = await watching.end()

  const say = (when: string, found: string[]) => faults.push(...found.map((fault) => `${when}: ${fault}`))
  say('afterwards', faultsOfBooks(server.dataDir, promised))
  // what is not on the disk yet is known only of files that were watched
  if (paths.length === dataFiles.length) {
    afterPowerCut(server.dataDir, calls, (folder) => say('after a power cut', faultsOfBooks(folder, promised)))
  }
  const there = readBooks(server.dataDir).bookings.some(({ reference }) => reference === name)
  const text = reply?.status === 201 ? reply.text : undefined
  due.push({ asked, text, there })

  const readyMs = await restartTimed(server)
  if (readyMs > SINGLE_READY_MS_MAX) faults.push(`it was ready after ${readyMs.toFixed()} ms`)
  const happened = mishap !== undefined && countOf(calls, mishap.call) >= mishap.at
  return { faults, calls, happened, status: reply?.status }
}

/** Asks for every booking of the walk once more, by its Idempotency-Key: each is there once, and answered as it was. */
export async function askAgain({ server, promised, due }: Walk): Promise<string[]> {
  const faults: string[] = []
  for (const { asked, text, there } of due) {
    const again = await book(server, asked)
    const replayed = again?.headers.get('idempotent-replay') === 'true'
    if (again?.status !== 201) faults.push(`${asked.name} was answered again by ${again?.status} ${again?.body.reason}`)
    else promised.push(again.body.data)
    if (replayed !== there) faults.push(`${asked.name} was ${there ? '' : 'not '}there, and a replay was ${replayed}`)
    if (text !== undefined && again?.text !== text) faults.push(`${asked.name} was answered again by something else`)
  }
  await server.kill()
  const { bookings } = readBooks(server.dataDir)
  for (const { asked } of due) {
    const among = bookings.filter(({ reference }) => reference === asked.name)
    if (among.length !== 1) faults.push(`there are ${among.length} of ${asked.name}`)
  }
  return [...faults, ...faultsOfBooks(server.dataDir, promised)]
}

/** After a disk fault: no write is acknowledged, the readiness names the database, and the process leaves by itself. */
async function faultsOfLeaving(server: Server, reason: unknown): Promise<string[]> {
  const faults: string[] = []
  const began = performance.now()
  if (reason !== 'service_unavailable') faults.push(`the booking was answered by ${reason}`)
  const [ready, next] = await Promise.all([
    server.call('GET', '/health/ready').catch(() => undefined),
    server.call('POST', '/api/patients', { name: 'Somebody', phone: '0771234567' }).catch(() => undefined),
  ])
  if (ready?.status !== 503) faults.push(`its readiness was ${ready?.status}`)
  if (!/\bdatabase\b/.test(ready?.body?.message)) faults.push('its readiness did not name the database')
  if (next?.body.reason !== 'service_unavailable') faults.push(`the next write was answered by ${next?.status}`)
  const code = await Promise.race([server.exited, Bun.sleep(LEAVING_MS_MAX).then(() => 'not at all')])
  if (code !== 70) faults.push(`it left with ${code} after ${(performance.now() - began).toFixed()} ms`)
  if (server.output().split('"level":"fatal"').length !== 2) faults.push('it did not say once why it left')
  return faults
}

/** Until its log is brought to the file, or it is dead. */
async function emptied({ dataDir, exited }: Server): Promise<void> {
  let dead = false
  void exited.then(() => {
    dead = true
  })
  while (!dead && !isBrought(dataDir)) await Bun.sleep(2)
}

/** Most calls of a kind that one thread made. */
const countOf = (calls: readonly SystemCall[], name: FileCall): number => {
  const threads = Map.groupBy(
    calls.filter((call) => call.name === name),
    ({ thread }) => thread,
  )
  return Math.max(0, ...[...threads.values()].map((made) => made.length))
}

/** The kinds of calls that a booking makes. */
const kindsOf = (calls: readonly SystemCall[]): FileCall[] => fileCalls.filter((name) => countOf(calls, name) > 0)

/**
 * Lets a mishap happen at the first call of each kind that a booking makes, then at the second, until one makes no more of them.
 * @returns how many mishaps there were, and every fault
 */
export async function walk(on: Walk, what: 'kill' | 'EIO' | 'ENOSPC'): Promise<{ mishaps: number; faults: string[] }> {
  const first = await takeStep(on, 'kill')
  const faults = [...first.faults]
  let mishaps = 0
  for (const call of kindsOf(first.calls)) {
    for (let at = 1; ; at++) {
      const how = what === 'kill' ? 'signal=KILL' : `error=${what}`
      const step = await takeStep(on, what === 'kill' ? 'kill' : 'disk fault', { call, at, what: how })
      faults.push(...step.faults.map((fault) => `${what} at ${call} ${at}: ${fault}`))
      if (!step.happened) {
        if (step.status !== 201) faults.push(`without ${what} at ${call} ${at} it answered ${step.status}`)
        break
      }
      mishaps++
    }
  }
  return { mishaps, faults: [...faults, ...(await askAgain(on))] }
}
