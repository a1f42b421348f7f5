import pino, { type DestinationStream } from 'pino'
import { standardOutput } from './log-output'

/** What a log line may hold. Everything else is dropped, so that no name, phone, NIC or key gets there by accident. */
const fields = [
  'service',
  'requestId',
  'method',
  'route',
  'status',
  'reason',
  'durationMs',
  'clientId',
  'keyId',
  'traceId',
  'address',
  'count',
  'bytes',
  'error',
  'code',
  'frames',
  'fault',
  'what',
  'serves',
] as const

const allowed = new Set<string>(fields)

type Fields = Partial<Record<(typeof fields)[number], unknown>>

interface Tell {
  (message: string): void
  /** A field that is not on the list is a fault of types, since its line would go without it. */
  (fields: Fields, message: string): void
}

type Level = 'fatal' | 'error' | 'warn' | 'info'

/** Lines by how much they matter. */
export interface Log extends Record<Level, Tell> {
  isLevelEnabled(level: Level): boolean
}

/** A log of JSON lines. Messages are fixed sentences; whatever varies is a field of the allow-list. */
export const createLog = (level: string, service: string, destination?: DestinationStream): Log =>
  pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => allowed.has(name))),
      },
    },
    destination ?? standardOutput(),
  )

/** What a log line may say of an error: its class, code and place. Its message may hold values, so it stays out. */
export function described(error: unknown): { error: string; code?: string; frames?: string[] } {
  if (!(error instanceof Error)) return { error: typeof error }
  const { code } = error as { code?: unknown }
  return {
    error: isName(error.name) ? error.name : 'Error',
    ...(typeof code === 'string' && isName(code) && { code }),
    frames: framesOf(error),
  }
}

/** Whether it is the name of a class or a code, which no value looks like that could tell who somebody is. */
const isName = (text: string) => /^[A-Z][A-Za-z_]{0,60}$/.test(text)

/** Where it was thrown. The stack begins with the message, whose lines may look like places too. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = stack.indexOf(message)
  if (at === -1) return []
  return stack
    .slice(at + message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6)
    .map((line) => line.trim())
}
