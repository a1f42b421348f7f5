import { dial, type Heard, type RawAnswer } from '../support/raw'
import type { Server } from '../support/server'

/** Long enough for any answer, also on a busy machine. */
const ANSWER_MS_MAX = 5000
/** How long something that should not come is waited for. */
const SURPLUS_MS = 100

export const HOST = 'Host: localhost'
const plain = `GET /health/live HTTP/1.1\r\n${HOST}\r\n\r\n`

/** A name that nobody is registered by unless a request got through that should not. */
export const STRAY = 'Smuggled Stray'
let registered = 0

/** A body that registers a patient. */
export const aStray = () => `{"name":"${STRAY}","phone":"077${String(1_000_000 + registered++)}"}`

/** A request as it goes over the wire. */
export const wire = (lines: readonly string[], body = '') => `${lines.join('\r\n')}\r\n\r\n${body}`

/** A whole request that registers a patient, to be hidden in another. */
export function hidden({ key }: Server): string {
  const body = aStray()
  const head = ['POST /api/patients HTTP/1.1', HOST, `Finance: ${key}`, 'Content-Type: application/json']
  return wire([...head, `Content-Length: ${body.length}`], body)
}

/**
 * Sends bytes on a connection of their own, and says what came of it: each answer's status, with its reason where it is in the
 * envelope; then `closed`, or `in step` when a plain request on the same connection is answered once and rightly.
 */
export async function verdictOf(server: Server, bytes: string): Promise<string> {
  using connection = await dial(server.port)
  connection.send(bytes)
  await connection.hear(1, ANSWER_MS_MAX)
  const first = await connection.hear(99, SURPLUS_MS)
  if (first.closed) return [...first.answers.map(told), `closed${first.rest}`].join(', ')
  connection.send(plain)
  await connection.hear(first.answers.length + 1, ANSWER_MS_MAX)
  const all = await connection.hear(99, SURPLUS_MS)
  return [...first.answers.map(told), stepOf(all, first)].join(', ')
}

function stepOf(all: Heard, before: Heard): string {
  const [answer, ...more] = all.answers.slice(before.answers.length)
  const right = answer?.status === 200 && answer.text === '{"status":"success","code":200,"data":{"status":"live"}}'
  return right && more.length === 0 && all.rest === '' ? 'in step' : 'OUT OF STEP'
}

function told({ status, text }: RawAnswer): string {
  if (status < 400 || text === '') return String(status)
  const { code, reason, requestId } = JSON.parse(text) as { code: number; reason: string; requestId: string }
  return code === status && requestId ? `${status} ${reason}` : `${status} BROKEN`
}

/** How many patients got in by requests that should not have. */
export async function strays(server: Server): Promise<number> {
  const { body } = await server.call('GET', `/api/patients/search?name=${encodeURIComponent(STRAY)}`)
  return body.page.total
}
