import pino, { type DestinationStream } from 'pino'

/** Bytes after which what was gathered is written. */
const GATHERED_BYTES = 8 * 1024
/** How long a line may wait for others, in milliseconds. */
const GATHERED_MS = 100
/** Bytes that may wait for a reader who has stopped reading; lines beyond are dropped and counted. */
const WAITING_BYTES_MAX = 8 * 1024 ** 2

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

/** Writes to an open file without holding the event loop up; what waits is written when the process ends by itself. */
export function createLogOutput(fd: number): LogOutput {
  const stream = pino.destination({ dest: fd, sync: false, minLength: GATHERED_BYTES, maxLength: WAITING_BYTES_MAX })
  let dropped = 0
  /** Whether something is to be sent once what is being written is through. */
  let more = false
  let timer: ReturnType<typeof setTimeout> | undefined
  stream.on('drop', () => {
    dropped++
  })
  stream.on('drain', () => {
    if (!more) return
    more = false
    stream.flush()
  })

  function send(): void {
    timer = undefined
    more = true
    stream.flush()
  }

  return {
    write(line) {
      stream.write(line)
      more = true
      stream.flush()
    },
    gather(line) {
      stream.write(line)
      if (timer !== undefined) return
      timer = setTimeout(send, GATHERED_MS)
      timer.unref()
    },
    flushSync: () => stream.flushSync(),
    dropped: () => dropped,
  }
}

let standard: LogOutput | undefined

/** The one output of a process's logs: two would cut into each other's lines. */
export function standardOutput(): LogOutput {
  standard ??= createLogOutput(1)
  return standard
}
