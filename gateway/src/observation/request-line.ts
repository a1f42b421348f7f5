import type { Reason } from '@channelling/contract'

/** What a line says of a request: nothing that the caller wrote but the digits of a trace id. */
export interface RequestLine {
  requestId: string
  traceId: string
  method: string
  /** The template, never the path. */
  route: string
  status: number
  durationMs: number
  reason: Reason | undefined
  clientId: number | undefined
  keyId: number | undefined
}

const messages = { info: 'request', warn: 'slow request' } as const

/**
 * The log line of a request, in the form of all others. Written by hand: pino takes five times as long, and this is most of what the
 * log costs. None of the values has a character that JSON escapes.
 */
export function requestLine(level: keyof typeof messages, at: Date, line: RequestLine): string {
  const { requestId, traceId, method, route, status, durationMs, reason, clientId, keyId } = line
  const refused = reason === undefined ? '' : `,"reason":"${reason}"`
  const by = clientId === undefined ? '' : `,"clientId":${clientId},"keyId":${keyId}`
  return `{"level":"${level}","time":"${at.toISOString()}","service":"channelling","requestId":"${requestId}","traceId":"${traceId}","method":"${method}","route":"${route}","status":${status}${refused},"durationMs":${Math.round(durationMs * 100) / 100}${by},"msg":"${messages[level]}"}\n`
}
