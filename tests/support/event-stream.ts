import { open } from '@channelling/schema'
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Nats } from './nats'

/** Whether a server is ready, and does without exactly these. */
export const isReady = async (url: string, degraded: string[]) => {
  const response = await fetch(`${url}/health/ready`)
  const { data } = (await response.json()) as { data?: { degraded: string[] } }
  return response.status === 200 && Bun.deepEquals(data?.degraded, degraded)
}

/** Waits until something is so. */
export async function until(looking: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await looking())) {
    if (Date.now() > deadline) throw new Error('It did not come to pass')
    await Bun.sleep(50)
  }
}

/** A message of the event stream. */
export interface Streamed {
  id: string
  subject: string
  body: Record<string, unknown>
}

/** What a consumer of another team finds in the stream, once it is as much as expected. */
export async function streamed(nats: Nats, count: number): Promise<Streamed[]> {
  const connection = await connect({ servers: nats.url })
  try {
    const manager = await jetstreamManager(connection)
    await until(async () => {
      const info = await manager.streams.info('CHANNELLING').catch(() => null)
      return (info?.state.messages ?? 0) >= count
    })
    const { name } = await manager.consumers.add('CHANNELLING', {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
    })
    const consumer = await jetstream(connection).consumers.get('CHANNELLING', name)
    const found: Streamed[] = []
    for await (const message of await consumer.fetch({ max_messages: count + 10, expires: 1000 })) {
      found.push({ id: message.headers!.get('Nats-Msg-Id'), subject: message.subject, body: message.json() })
    }
    return found
  } finally {
    await connection.close()
  }
}

/** Every event, as the database has it. */
export const outbox = async (url: string) => {
  const database = await open({ url })
  const [stream] = await database.read<{ epoch: string }>('SELECT epoch FROM event_stream')
  const events = await database.read<{ seq: number; session_id: number }>(
    'SELECT seq, session_id FROM event ORDER BY seq',
  )
  await database.close()
  return { epoch: stream!.epoch, events }
}
