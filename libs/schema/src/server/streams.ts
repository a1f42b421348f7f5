import { BatchCond, openWs, ResponseError, type RowsResult, type WsClient, type WsStream } from '@libsql/hrana-client'
import type { PlainStatement } from '../statements/statement'
import { SYNCHRONOUS, SYNCHRONOUS_FULL } from './durability'
import type { ServerClient } from './server'

/** A server that has not answered by then is taken for one that will not. */
const ANSWER_MS_MAX = 10_000
/** For each character that it is asked beside that: an import is one request too. */
const ANSWER_MS_A_CHARACTER = 0.002
/** One that has not taken a connection by then will not answer on it either. */
const OPEN_MS_MAX = 2_000
/** Readings that are done beside each other. */
const READING = 4
/** How often, and how far apart, a server is asked anew whether what is opened there now brings each write to the disk. */
const DURABLE_ATTEMPTS_MAX = 40
const DURABLE_AFTER_MS = 250

/** A connection, with its streams: what is asked of one stream is answered in turn. */
interface Connected {
  client: WsClient
  writing: WsStream
  reading: WsStream[]
  /** Why it was closed, where a request took too long: what is under way beside that will not be answered either. */
  late?: DOMException
}

/**
 * A client of a libSQL server that keeps its connection, and on it the streams it works on. Each stream is a connection to the data on the
 * side of the server, which takes the server four times as long to open as to use: whatever asks often asks by this client. A
 * connection that broke is made anew for whoever asks next.
 */
export function streamingClient(url: string, authToken: string | undefined): ServerClient {
  const address = url.replace(/^http/, 'ws').replace(/^libsql/, 'wss')
  let connected: Connected | null = null
  let turn = 0

  function connection(): Connected {
    if (connected && !connected.client.closed) return connected
    const client = openWs(address, authToken)
    const reading = Array.from({ length: READING }, () => client.openStream())
    const opening = { client, writing: client.openStream(), reading }
    const timer = setTimeout(giveUp, OPEN_MS_MAX, opening)
    const opened = () => clearTimeout(timer)
    void client.getVersion().then(opened, opened)
    void writeDurably(opening).catch(() => {})
    connected = opening
    return opening
  }

  /**
   * A server is told to bring each write to its disk once it has started, and only streams that are opened from then on do: whoever was quicker
   * changes to another. One that is not told so keeps the stream it has.
   */
  async function writeDurably(on: Connected): Promise<void> {
    let stream = on.writing
    for (let attempt = 1; !(await bringsToDisk(stream)); attempt++) {
      if (stream !== on.writing) stream.close()
      if (attempt === DURABLE_ATTEMPTS_MAX) return
      await Bun.sleep(DURABLE_AFTER_MS)
      if (on.client.closed) return
      stream = on.client.openStream()
    }
    if (stream === on.writing) return
    on.writing.closeGracefully()
    on.writing = stream
  }

  function giveUp(on: Connected): void {
    on.late = new DOMException('The database did not answer in time', 'TimeoutError')
    on.client.close()
  }

  /** Asks, within time; a connection that fails is of no more use to anybody. */
  async function ask<Answer>(
    characters: number,
    of: (connection: Connected) => WsStream,
    work: (stream: WsStream) => Promise<Answer>,
  ): Promise<Answer> {
    const now = connection()
    const timer = setTimeout(giveUp, ANSWER_MS_MAX + characters * ANSWER_MS_A_CHARACTER, now)
    try {
      return await work(of(now))
    } catch (error) {
      if (error instanceof ResponseError) throw error
      now.client.close()
      if (now.late) throw now.late
      throw Object.assign(new Error('The connection to the database broke'), { code: 'HRANA_WEBSOCKET_ERROR' })
    } finally {
      clearTimeout(timer)
    }
  }

  const aReading = ({ reading }: Connected) => reading[turn++ % READING]!

  return {
    execute: (statement) =>
      ask(sizeOf([statement]), aReading, async (stream) => resultOf(await stream.query(asked(statement)))),
    batch: (statements, mode) =>
      ask(sizeOf(statements), mode === 'write' ? ({ writing }) => writing : aReading, (stream) =>
        transaction(stream, statements, mode === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN TRANSACTION READONLY'),
      ),
    close: () => connected?.client.close(),
  }
}

const asked = ({ sql, args }: PlainStatement): [string, PlainStatement['args']] => [sql, args]

const sizeOf = (statements: PlainStatement[]): number =>
  statements.reduce(
    (sum, { args }) => args.reduce<number>((size, arg) => size + (typeof arg === 'string' ? arg.length : 8), sum),
    0,
  )

const bringsToDisk = async (stream: WsStream) => {
  const { value } = await stream.queryValue(SYNCHRONOUS)
  return Number(value) >= SYNCHRONOUS_FULL
}

/** All of the statements or none, in one request. */
async function transaction(stream: WsStream, statements: PlainStatement[], begin: string) {
  const batch = stream.batch(false)
  const first = batch.step()
  const begun = first.run(begin)
  let last = first
  const done = statements.map((statement) => {
    const step = batch.step().condition(BatchCond.ok(last))
    last = step
    return step.query(asked(statement))
  })
  const commit = batch.step().condition(BatchCond.ok(last))
  const committed = commit.run('COMMIT')
  const undone = batch
    .step()
    .condition(BatchCond.not(BatchCond.ok(commit)))
    .run('ROLLBACK')
  const outcomes = Promise.allSettled([begun, ...done, committed, undone])
  await batch.execute()
  await outcomes
  await begun
  const results = await Promise.all(done)
  await committed
  return results.map((result) => resultOf(result!))
}

const resultOf = ({ columnNames, rows, affectedRowCount }: RowsResult) => ({
  columns: columnNames.map(String),
  rows,
  rowsAffected: affectedRowCount,
})
