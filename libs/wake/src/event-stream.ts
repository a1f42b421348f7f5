import type { NatsConnection } from '@nats-io/transport-node'

const STREAM = 'CHANNELLING'
const SUBJECT = 'channelling.session'
const DAY_MS = 86_400_000
/** How long a stream that we make keeps its messages; one that is there is left as its operator made it. */
const KEPT_MS = 7 * DAY_MS
const NS_PER_MS = 1_000_000
/** How long NATS may take to say that it has a message. */
const ANSWER_MS_MAX = 5000

/** A message of the stream. */
export interface StreamMessage {
  /** `epoch:seq`; NATS takes each once. */
  id: string
  sessionId: number
  body: string
}

/** The JetStream stream `CHANNELLING`, as it was when it was opened. */
export interface EventStream {
  /** The id of its last message; null where there is none, or none that is ours. */
  last: string | null
  /** How long it keeps messages, in milliseconds; `Infinity` where for ever. */
  keptMs: number
  /**
   * Appends messages in this order, right after what was last in it.
   * @throws where NATS does not answer, or where somebody else appended meanwhile: open it anew then, to see what is in it
   */
  append(messages: readonly StreamMessage[]): Promise<void>
}

/** Opens the stream, and makes it where there is none. */
export async function openEventStream(connection: NatsConnection): Promise<EventStream> {
  // as in `connection.ts`
  const { JetStreamApiCodes, JetStreamApiError, jetstream, jetstreamManager } = await import('@nats-io/jetstream')
  const { headers } = await import('@nats-io/transport-node')
  const isMissing = (error: unknown) =>
    error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
  const manager = await jetstreamManager(connection, { timeout: ANSWER_MS_MAX })
  const { config, state } = await manager.streams.info(STREAM).catch((error) => {
    if (!isMissing(error)) throw error
    return manager.streams.add({ name: STREAM, subjects: [`${SUBJECT}.*`], max_age: KEPT_MS * NS_PER_MS })
  })
  const last = state.messages > 0 ? await manager.streams.getMessage(STREAM, { seq: state.last_seq }) : null
  const publisher = jetstream(connection)
  let lastSequence = state.last_seq

  return {
    last: last?.header?.get('Nats-Msg-Id') || null,
    keptMs: config.max_age > 0 ? config.max_age / NS_PER_MS : Number.POSITIVE_INFINITY,
    async append(messages) {
      const sent = messages.map(({ id, sessionId, body }) => {
        const typed = headers()
        typed.set('Content-Type', 'application/json')
        return publisher.publish(`${SUBJECT}.${sessionId}`, body, {
          msgID: id,
          headers: typed,
          timeout: ANSWER_MS_MAX,
          retries: 0,
          // whoever comes second is refused, whatever the first one knew of it
          expect: { lastSequence: lastSequence++ },
        })
      })
      // none is still under way when somebody looks what is there
      const answers = await Promise.allSettled(sent)
      const failed = answers.find((answer) => answer.status === 'rejected')
      if (failed) throw failed.reason
    },
  }
}
