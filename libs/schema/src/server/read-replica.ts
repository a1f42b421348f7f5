import type { PlainStatement } from '../statements/statement'
import type { Result, ServerClient } from './server'
import { createAsOfNow, hasReached, type Mark, markOf, readMark } from './written'

/** How long a reading waits for a replica to come as far as the primary was. */
const BEHIND_MS_MAX = 100
const LOOK_AGAIN_MS_MAX = 10
/** How long a replica that did not serve is left alone. */
const LEFT_ALONE_MS = 1000

/**
 * A server of which a replica answers the readings. None of them misses what was written before it was asked for, by whomever: the primary
 * says how far it has come, and an answer of a replica that has not come as far is not taken. While the replica lags too far behind or does
 * not answer, the primary reads.
 * @param onChange called when the replica serves no more, and when it does again
 */
export function withReadReplica(
  primary: ServerClient,
  replica: ServerClient,
  onChange: (serves: boolean) => void,
): ServerClient {
  const asOfNow = createAsOfNow(async () => markOf(await primary.execute(readMark))!)
  let serves = true
  let closed = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function leaveAlone(): void {
    if (serves) onChange(false)
    serves = false
    clearTimeout(timer)
    if (!closed) timer = setTimeout(lookAgain, LEFT_ALONE_MS)
  }

  async function lookAgain(): Promise<void> {
    const found = await asOfNow()
      .then((wanted) => readThere([], wanted))
      .catch(() => null)
    if (closed) return
    if (!found) return leaveAlone()
    serves = true
    onChange(true)
  }

  /** The results of one moment that is no earlier than wanted; null where the replica does not come as far in time. */
  async function readThere(statements: PlainStatement[], wanted: Mark): Promise<Result[] | null> {
    const until = performance.now() + BEHIND_MS_MAX
    for (;;) {
      const [mark, ...results] = await replica.batch([readMark, ...statements], 'read')
      if (hasReached(markOf(mark!), wanted)) return results
      if (performance.now() >= until) return null
      await Bun.sleep(Math.random() * LOOK_AGAIN_MS_MAX)
    }
  }

  async function reading(statements: PlainStatement[]): Promise<Result[] | null> {
    if (!serves) return null
    const wanted = await asOfNow()
    // a statement that is wrong is so on the primary too, which then says so
    const found = await readThere(statements, wanted).catch(() => null)
    if (!found) leaveAlone()
    return found
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
