import type { PlainStatement } from '../statements/statement'
import type { Result, ServerClient } from './server'
import { createAsOfNow, type Mark, markOf, readMark } from './written'

/** How long a reading waits for a replica to come as far as the primary was. */
const BEHIND_MS_MAX = 100
const LOOK_AGAIN_MS_MAX = 10
/** How long a replica that did not serve is left alone. */
const LEFT_ALONE_MS = 1000

export type OnReadReplica = (serves: boolean, what?: 'it is of another database') => void

/** Why a replica does not serve: it lags or does not answer, which passes, or it is no replica of the primary. */
type NotServing = 'away' | 'other'

/**
 * A server of which a replica answers the readings. None of them misses what was written before it was asked for, by whomever: the primary
 * says how far it has come, and an answer of a replica that has not come as far is not taken. While the replica lags too far behind or does
 * not answer, the primary reads; also while it is of another database, as the server is that this one was moved from.
 * @param onChange called when the replica serves no more, when it turns out to be of another database, and when it serves again
 */
export function withReadReplica(primary: ServerClient, replica: ServerClient, onChange: OnReadReplica): ServerClient {
  const asOfNow = createAsOfNow(async () => markOf(await primary.execute(readMark))!)
  let state: 'serving' | NotServing = 'serving'
  let closed = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function become(next: typeof state): void {
    if (next === state) return
    state = next
    onChange(next === 'serving', next === 'other' ? 'it is of another database' : undefined)
  }

  function leaveAlone(why: NotServing): void {
    become(why)
    clearTimeout(timer)
    if (!closed) timer = setTimeout(lookAgain, LEFT_ALONE_MS)
  }

  async function lookAgain(): Promise<void> {
    const found = await asOfNow()
      .then((wanted) => readThere([], wanted))
      .catch((): NotServing => 'away')
    if (closed) return
    if (typeof found === 'string') return leaveAlone(found)
    become('serving')
  }

  /** The results of one moment that is no earlier than wanted, or why the replica has none in time. */
  async function readThere(statements: PlainStatement[], wanted: Mark): Promise<Result[] | NotServing> {
    const until = performance.now() + BEHIND_MS_MAX
    for (;;) {
      const [first, ...results] = await replica.batch([readMark, ...statements], 'read')
      const mark = markOf(first!)
      if (mark && mark.databaseId !== wanted.databaseId) return 'other'
      if (mark && mark.count >= wanted.count) return results
      if (performance.now() >= until) return 'away'
      await Bun.sleep(Math.random() * LOOK_AGAIN_MS_MAX)
    }
  }

  async function reading(statements: PlainStatement[]): Promise<Result[] | null> {
    if (state !== 'serving') return null
    const wanted = await asOfNow()
    // a statement that is wrong is so on the primary too, which then says so
    const found = await readThere(statements, wanted).catch((): NotServing => 'away')
    if (typeof found !== 'string') return found
    leaveAlone(found)
    return null
  }

  return {
    execute: async (statement) => (await reading([statement]))?.[0] ?? primary.execute(statement),
    batch: async (statements, mode) =>
      (mode === 'read' ? await reading(statements) : null) ?? primary.batch(statements, mode),
    close() {
      closed = true
      clearTimeout(timer)
      replica.close()
      primary.close()
    },
  }
}
