import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital, aSession } from '../support/hospital'
import { startRawReceiver, type Undecided } from '../support/raw-receiver'
import { startServer } from '../support/server'

setDefaultTimeout(120_000)

const WEBHOOKS = '/api/notifications/webhooks'
const SESSIONS = 3
const EVENTS_EACH = 2

const answer = (line: string, ...headers: string[]) =>
  `HTTP/1.1 ${[line, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`

interface Misdeed {
  does: string
  with: (message: Undecided) => void
  /** What the log has to say of it. */
  httpStatus: number | null
  failure: string
}

/** One after the other for each message, until at last it is taken. */
const misdeeds: Misdeed[] = [
  {
    does: 'fails',
    with: ({ say }) => say(answer('500 Internal Server Error', 'Content-Length: 0')),
    httpStatus: 500,
    failure: 'status',
  },
  { does: 'hangs', with: () => {}, httpStatus: null, failure: 'timeout' },
  {
    does: 'points elsewhere',
    with: ({ say }) => say(answer('307 Temporary Redirect', 'Location: /elsewhere', 'Content-Length: 0')),
    httpStatus: 307,
    failure: 'redirect',
  },
  {
    does: 'promises more than comes',
    with: ({ say }) => say(`${answer('502 Bad Gateway', 'Content-Length: 1000')}short`),
    httpStatus: 502,
    failure: 'status',
  },
  {
    does: 'names a length that is none',
    with: ({ say }) => say(`${answer('200 OK', 'Content-Length: many')}anything`),
    httpStatus: null,
    failure: 'no_answer',
  },
  { does: 'cuts the connection', with: ({ say }) => say(''), httpStatus: null, failure: 'no_answer' },
  {
    does: 'cuts it within its answer',
    with: ({ say }) => say('HTTP/1.1 200 OK\r\nContent-Le'),
    httpStatus: null,
    failure: 'no_answer',
  },
  {
    does: 'says that it is gone',
    with: ({ say }) => say(answer('410 Gone', 'Content-Length: 0')),
    httpStatus: 410,
    failure: 'status',
  },
]

/** It is taken by any 2xx, though more or less follows than was said. */
const taken = [
  `${answer('200 OK', 'Content-Length: 1000')}short`,
  `${answer('200 OK', 'Content-Length: 2')}much longer than that`,
]

interface Delivery {
  messageId: string
  sessionId: number
  status: string
  attempts: number
  httpStatus: number | null
  failure: string | null
  nextAttemptAt: string | null
}

test('a receiver fails, hangs, points elsewhere, lies about lengths, cuts the connection and says it is gone: the log tells each, order is kept, and nothing is lost', async () => {
  await using server = await startServer({
    seed: aHospital({ sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })) }),
    environment: { WEBHOOKS_PRIVATE: 'allow' },
  })
  await using receiver = await startRawReceiver()
  const { id } = (await server.call('POST', WEBHOOKS, { url: receiver.url })).body.data
  const total = SESSIONS * EVENTS_EACH
  for (let turn = 0; turn < total; turn++) {
    const sessionInstanceId = 1 + (turn % SESSIONS)
    expect((await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })).status).toBe(201)
  }
  const log = async () => (await server.call('GET', `${WEBHOOKS}/${id}/deliveries?size=200`)).body.data as Delivery[]
  /** What the log says of a message, once an attempt has been written down. */
  async function saidOf(message: Undecided, attempts: number): Promise<Delivery> {
    const deadline = performance.now() + 30_000
    for (;;) {
      const found = (await log()).find(({ messageId }) => messageId === message.id)
      if (found && found.attempts >= attempts) return found
      if (performance.now() > deadline) throw new Error(`Attempt ${attempts} is not in the log`)
      await Bun.sleep(20)
    }
  }

  /** Lets the receiver do something to a message of each session at once, and gives what came. */
  async function round(attempt: number, does: (message: Undecided, index: number) => void): Promise<Undecided[]> {
    const messages = (await receiver.next(SESSIONS)).toSorted((a, b) => a.body.sessionId - b.body.sessionId)
    expect(messages.map(({ body }) => body.sessionId)).toEqual(
      Array.from({ length: SESSIONS }, (_, index) => index + 1),
    )
    messages.forEach(does)
    await Promise.all(messages.map(({ givenUp }) => givenUp))
    for (const message of messages) expect((await saidOf(message, attempt)).attempts).toBe(attempt)
    return messages
  }

  const told: Undecided[][] = []
  for (let event = 0; event < EVENTS_EACH; event++) {
    // a hanging one takes a quarter of a minute, once
    const done = event === 0 ? misdeeds : misdeeds.filter(({ failure }) => failure !== 'timeout')
    const attempts: Undecided[][] = []
    for (const [index, misdeed] of done.entries()) {
      const messages = await round(index + 1, misdeed.with)
      attempts.push(messages)
      const { httpStatus, failure } = misdeed
      for (const message of messages) {
        const said = await saidOf(message, index + 1)
        expect({ ...said, does: misdeed.does }).toMatchObject({
          does: misdeed.does,
          status: 'waiting',
          httpStatus,
          failure,
        })
        expect(said.nextAttemptAt).not.toBeNull()
      }
      const record = (await server.call('GET', `${WEBHOOKS}/${id}`)).body.data
      const isGone = httpStatus === 410
      expect(record).toMatchObject({ pauseReason: isGone ? 'gone' : null, waiting: total - event * SESSIONS })
      expect(record.failingSince).not.toBeNull()
      // tries at once what would wait for its turn in the schedule
      await server.call('PUT', `${WEBHOOKS}/${id}/resume`)
    }
    const messages = await round(done.length + 1, ({ say }) => say(taken[event]!))
    attempts.push(messages)
    for (const message of messages) {
      const said = await saidOf(message, done.length + 1)
      expect(said).toMatchObject({ status: 'delivered', httpStatus: 200, failure: null, nextAttemptAt: null })
    }
    // each attempt was the same message
    for (const again of attempts) expect(again.map((one) => one.id)).toEqual(messages.map((one) => one.id))
    told.push(messages)
  }

  const all = await log()
  expect(all.map(({ status }) => status)).toEqual(Array(total).fill('delivered'))
  expect((await server.call('GET', `${WEBHOOKS}/${id}`)).body.data).toMatchObject({ waiting: 0, failingSince: null })
  // in each session the first was taken before the second was sent, and nothing came besides
  for (const [first, second] of told[0]!.map((one, index) => [one, told[1]![index]!] as const)) {
    expect(first.body.seq).toBeLessThan(second.body.seq)
  }
  expect(receiver.received).toHaveLength(SESSIONS * (misdeeds.length + 1 + misdeeds.length))
  expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/hooks']))
})
