/** What the answer is, or `otherwise` once the time is up; the question is not taken back. */
export function within<Answer, Otherwise>(
  ms: number,
  answer: Promise<Answer>,
  otherwise: Otherwise,
): Promise<Answer | Otherwise> {
  const over = Promise.withResolvers<Otherwise>()
  const timer = setTimeout(over.resolve, ms, otherwise)
  return Promise.race([answer, over.promise]).finally(() => clearTimeout(timer))
}

/** A question that is asked once at a time: whoever asks while it is under way shares the answer. */
export function oneAtATime<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | null = null
  return () => {
    underWay ??= ask().finally(() => {
      underWay = null
    })
    return underWay
  }
}
