import { constants, fstatSync, openSync } from 'node:fs'
import pino, { type DestinationStream } from 'pino'

/** Bytes after which what was gathered is written. */
const GATHERED_BYTES = 8 * 1024
/** How long a line may wait for others, in milliseconds. */
const GATHERED_MS = 100
/** Bytes that may wait for a reader who has stopped reading; lines beyond are dropped and counted. */
const WAITING_BYTES_MAX = 8 * 1024 ** 2

/** How often a full pipe is waited for at the end, a tenth of a second each time. */
const PATIENCE = 10

/** Where log lines go. */
export interface LogOutput extends DestinationStream {
  /** Sees to it that the line is on its way at once, and with it all before it. */
  write(line: string): void
  /** The line is written with those that follow: for lines of which there may be one a request. */
  gather(line: string): void
  /** Everything is written when it returns; pino asks for it after a fatal line. */
  flushSync(): void
  /** How many lines nobody was there to read. */
  dropped(): number
}

/**
 * Writes to an open file without holding the event loop up. To a pipe or a file it writes at once what there is room for, and the rest
 * later: a write in the background is lost where the process ends meanwhile. A socket it can only write to in the background.
 */
export function createLogOutput(fd: number): LogOutput {
  /** How often, a tenth of a second apart, a full pipe is still waited for. */
  let patience = 0
  const ready = withoutWaiting(fd)
  const stream = pino.destination({
    dest: ready ?? fd,
    sync: ready !== null,
    minLength: GATHERED_BYTES,
    maxLength: WAITING_BYTES_MAX,
    retryEAGAIN: () => patience-- > 0,
  })
  let dropped = 0
  let isGone = false
  let timer: ReturnType<typeof setTimeout> | undefined
  stream.on('drop', () => {
    dropped++
  })
  // pino's own listener hands on only what is not a broken pipe, and then removes itself
  stream.removeAllListeners('error')
  stream.on('error', (error: { code?: unknown }) => {
    if (error.code !== 'EPIPE') return later()
    // who read it is gone for good; at the end of the process it would be tried for ever
    isGone = true
    stream.destroy()
  })

  function later(): void {
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      if (!isGone) stream.flush()
    }, GATHERED_MS)
    timer.unref()
  }

  function flushSync(): void {
    if (isGone) return
    patience = PATIENCE
    try {
      stream.flushSync()
    } catch {
      // nobody reads; there is nothing more to be done for these lines
    }
    patience = 0
  }

  process.on('exit', flushSync)
  return {
    write(line) {
      if (isGone) return void dropped++
      stream.write(line)
      if (isGone) return
      stream.flush()
      // a flush does nothing while another piece is being written, and nobody else might come by for long
      later()
    },
    gather(line) {
      if (isGone) return void dropped++
      stream.write(line)
      later()
    },
    flushSync,
    dropped: () => dropped,
  }
}

/**
 * The same pipe, opened anew so that a full one refuses instead of holding up; whoever else has it is not touched. A file holds nobody up, and
 * stays as it is: opened anew it would have a place of its own to write at, and what goes there by another descriptor, the standard error
 * say, would overwrite it. Null for what cannot be opened so, a socket say.
 */
function withoutWaiting(fd: number): number | null {
  try {
    if (fstatSync(fd).isFile()) return fd
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK)
  } catch {
    return null
  }
}

let standard: LogOutput | undefined

/** The one output of a process's logs: two would cut into each other's lines. */
export function standardOutput(): LogOutput {
  standard ??= createLogOutput(1)
  return standard
}
