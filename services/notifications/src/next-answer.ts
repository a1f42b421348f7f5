/**
 * Asks one thing for everybody who wants to know: those who come while it is being asked share the next time, since an answer that was begun
 * before they came may be older than they are.
 * @param ask does not fail
 */
export function createNextAnswer<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let under: Promise<unknown> = Promise.resolve()
  let next: Promise<Answer> | null = null
  return () => {
    next ??= under.then(() => {
      next = null
      const asked = ask()
      under = asked
      return asked
    })
    return next
  }
}
