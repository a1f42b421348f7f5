import { Refusal } from '@channelling/contract'
import { described, type Log } from './log'

/** How long what is under way has when its process leaves. */
export const UNDER_WAY_MS_MAX = 10_000

/** Stops taking requests, lets those under way finish, then closes what is left, sockets included. */
export async function closeGracefully(server: Bun.Server<unknown>, withinMs = UNDER_WAY_MS_MAX): Promise<void> {
  const stopped = server.stop()
  const deadline = Date.now() + withinMs
  while (server.pendingRequests > 0 && Date.now() < deadline) await Bun.sleep(10)
  await Promise.race([server.stop(true), stopped])
}

/** What a process tells the one that started it, if that one listens, once it has its port: until then its address is anybody's. */
export const LISTENING = 'listening'

export function tellListening(): void {
  process.send?.(LISTENING)
}

/** Runs `close` once, at the first signal to end, and then leaves. A fault that nobody caught ends the process at once. */
export function closeOnSignal(close: () => Promise<void>, log: Log): void {
  leaveOnFault(log)
  let closing = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, async () => {
      if (closing) return
      closing = true
      log.info('closing')
      await close()
      process.exit(0)
    })
  }
}

/**
 * A fault that nobody caught ends the process, as it would anyway; but it is told by its class and place alone, while the runtime would
 * show the message, and with it whatever values it holds.
 */
function leaveOnFault(log: Log): void {
  const leave = (error: unknown) => {
    log.fatal(described(error), 'a fault that nobody caught; leaving')
    // a moment for what is being written already
    setTimeout(() => process.exit(1), 100)
  }
  process.on('uncaughtException', leave)
  process.on('unhandledRejection', leave)
}

/** The exit code of a process that left because its data could not be written any more: start it again. */
export const EXIT_DATA_FAILED = 70
/** How long answers under way, and whoever asks for the readiness, have before the process leaves. */
const LEAVING_MS = 500

/** Says once why the process cannot go on, and leaves, so that a supervisor starts it again. */
export function leave(fault: { code: string }, log: Log): void {
  log.fatal({ code: fault.code }, 'the data cannot be written any more; leaving')
  setTimeout(() => process.exit(EXIT_DATA_FAILED), LEAVING_MS)
}

/** Says of a database server each time that it goes away, and that it is back. */
export const tellPresence = (log: Log) => ({
  onAway: ({ code }: { code: string }) =>
    log.warn({ code }, 'the database server is away: what needs it is refused until it is back'),
  onBack: () => log.info('the database server is back'),
})

/** A start that cannot go on, with the line to show whoever started it. */
export class StartFault extends Error {
  override readonly name = 'StartFault'
}

/** Runs the start of a process; a fault is one line and exit code 1: a clear one of the surroundings, of ours where it was thrown. */
export async function startOrExplain(start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    process.stderr.write(`${explanationOf(error) ?? placeOf(error)}\n`)
    process.exit(1)
  }
}

const TAKES_NONE = 'It takes no arguments: settings are variables of the environment (docs/settings.md)\n'

/** The same for what takes no arguments: whoever gives one expects something else of it than to serve. */
export async function startWithoutArguments(start: () => Promise<void>): Promise<void> {
  const [argument] = process.argv.slice(2)
  if (argument === undefined) return startOrExplain(start)
  const isQuestion = ['--help', '-h'].includes(argument)
  ;(isQuestion ? process.stdout : process.stderr).write(TAKES_NONE)
  process.exitCode = isQuestion ? 0 : 2
}

function placeOf(thrown: unknown): string {
  const { error, code, frames = [] } = described(thrown)
  return ['Could not start:', error, code, frames[0]].filter(Boolean).join(' ')
}

/** Of the data folder, which alone is made, and looked into, and of the port. */
const codes: Record<string, string> = {
  EACCES: 'No permission: the data folder must be writable (DATA_DIR), and a port below 1024 needs rights',
  EPERM: 'No permission: the data folder must be writable (DATA_DIR)',
  ENOENT: 'The data folder cannot be made: set DATA_DIR to one that can',
  EROFS: 'The data folder is read-only: set DATA_DIR to a writable one',
  EEXIST: 'The data folder is not a folder: set DATA_DIR to one',
  ENOTDIR: 'The data folder is not a folder: set DATA_DIR to one',
  ENOSPC: 'The disk is full',
}

/** Of any other file or folder: one that a command was told to read or to write. */
const codesOfPaths: Record<string, (path: string) => string> = {
  EACCES: (path) => `No permission for ${path}: let the user that this runs as use it, or name another`,
  EPERM: (path) => `No permission for ${path}: let the user that this runs as use it, or name another`,
  ENOENT: (path) => `There is no ${path}: name another`,
  EROFS: (path) => `${path} is on a disk that is read-only: name another`,
  ENOTDIR: (path) => `${path} is in what is no folder: name another`,
  EISDIR: (path) => `${path} is a folder: name a file`,
}

function explanationOfPath(code: string, path: string, syscall = ''): string | undefined {
  const ofDataFolder = ['mkdir', 'access', 'scandir'].includes(syscall)
  if (!ofDataFolder) return codesOfPaths[code]?.(path)
  return codes[code] && `${codes[code]} (${path})`
}

const NO_ADDRESS = 'HOST is no address of this machine: set it to one, or to 0.0.0.0 for all of them'
/**
 * What keeps from listening, on the control socket too, beside a port that is taken. Whatever else the runtime says is of the address:
 * for a name that nobody knows it gives the code of the fault before, whichever that was.
 */
const notOfAddress = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EMFILE', 'ENFILE', 'EOPNOTSUPP']

/** Those whose message is for whoever started the process, by name, since some are of packages that this one does not know. */
const explained = ['StartFault', 'DataInUse', 'DataIsBackup', 'DataUnusable', 'SettingsFault']

/** What the system says of its faults. */
interface Fault {
  code?: string
  syscall?: string
  path?: string
}

function explanationOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, message, code = '', syscall, path, cause } = error as Error & Fault
  if (error instanceof Refusal || explained.includes(name)) return message
  if (code === 'EADDRINUSE') {
    // the port is told by the message alone
    const port = /port \d+/.exec(message)?.[0].replace('p', 'P') ?? 'The port'
    return `${port} is taken: stop what uses it, or set PORT to another`
  }
  if (syscall === 'getaddrinfo') return NO_ADDRESS
  if (syscall === 'listen' && !notOfAddress.includes(code)) return NO_ADDRESS
  return (path && explanationOfPath(code, path, syscall)) || (codes[code] ?? explanationOf(cause))
}
