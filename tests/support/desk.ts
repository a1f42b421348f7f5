import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBookings, createKept } from '@channelling/bookings'
import { createCatalogue, createSessionAnswers, forgettingOnWrite } from '@channelling/catalogue'
import { type Access, createCalendar, type Instant, scopes } from '@channelling/contract'
import { createLog, IDENTITY_HEADER, signIdentity } from '@channelling/http'
import { type Database, open } from '@channelling/schema'
import { type Reply, replyOf } from './reply'

const SECRET = 'a secret for tests only'
/** Bookings and sessions on one database, with a clock that stands until it is set: for what only time brings about. */
export interface Desk {
  time: { now: Instant }
  database: Database
  /** Calls as one of the desk's clients, the first unless another is named. */
  call(
    method: string,
    path: string,
    body?: unknown,
    as?: { client?: number; headers?: Record<string, string> },
  ): Promise<Reply>
  /** Every reading that services asked of the database so far, as it was asked. */
  asked: ReadonlySet<string>
  /** Begins what the services do by themselves every second, where that is done when asked. */
  sweep(): void
  [Symbol.asyncDispose](): Promise<void>
}

export interface DeskGiven {
  seed: (database: Database) => Promise<void>
  holdMinutes?: number
  /** 0: any number. */
  holdsPerClient?: number
  /** Whose ids are 1, 2, … in this order. */
  clients?: { name: string; access: Access }[]
  /** Whether the services sweep every second, or when asked. */
  sweeping?: 'by itself' | 'when asked'
}

export async function startDesk({
  seed,
  holdMinutes = 20,
  holdsPerClient = 0,
  clients = [{ name: 'Desk', access: 'all' }],
  sweeping = 'by itself',
}: DeskGiven): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'desk-'))
  const database = await open({ url: `file:${join(folder, 'channelling.db')}` })
  const asked = new Set<string>()
  await seed(database)
  await database.write(
    clients.map(({ name, access }, index) => ({
      sql: 'INSERT INTO client (id, name, access, created_at) VALUES (?, ?, ?, 0)',
      args: [index + 1, name, access],
    })),
  )
  const time = { now: Date.now() }
  const shared = {
    database: noting(database, asked),
    calendar: createCalendar('Asia/Colombo'),
    clock: () => time.now,
    secret: SECRET,
    log: createLog('silent', 'test'),
  }
  const answers = createSessionAnswers()
  const kept = createKept()
  const onCommit = (sessionIds: Iterable<number>) => answers.forget(sessionIds)
  const openBookings = () => createBookings({ ...shared, holdMinutes, holdsPerClient, onCommit, kept })
  const { made: bookings, rounds } =
    sweeping === 'when asked' ? withoutTimers(openBookings) : { made: openBookings(), rounds: [] }
  const catalogue = createCatalogue({
    ...shared,
    database: forgettingOnWrite(shared.database, answers, kept),
    answers,
    currency: 'LKR',
  })

  return {
    time,
    database,
    asked,
    async call(method, path, body, { client = 1, headers = {} } = {}) {
      const caller = { clientId: client, keyId: 1, access: clients[client - 1]!.access, scopes }
      const identity = signIdentity(SECRET, caller, { method, path: path.split('?')[0]! }, Date.now())
      const request = new Request(`http://localhost${path}`, {
        method,
        headers: {
          [IDENTITY_HEADER]: identity,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const app = path.startsWith('/api/channel/bookings') ? bookings.app : catalogue
      return replyOf(await app.fetch(request))
    },
    sweep() {
      for (const round of rounds) round()
    },
    async [Symbol.asyncDispose]() {
      await bookings.close()
      await database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The same database, which keeps what is read of it. */
const noting = (database: Database, asked: Set<string>): Database => ({
  ...database,
  read(sql, args) {
    asked.add(sql)
    return database.read(sql, args)
  },
  readAll(statements) {
    for (const statement of statements) asked.add('sql' in statement ? statement.sql : statement.toSQL().sql)
    return database.readAll(statements)
  },
})

/** Makes something, and gives the rounds it would have gone at intervals to whoever asks for them. */
function withoutTimers<Made>(make: () => Made): { made: Made; rounds: (() => void)[] } {
  const rounds: (() => void)[] = []
  const { setInterval } = globalThis
  const keeping = (round: () => void) => {
    rounds.push(round)
    return setTimeout(() => {}, 0)
  }
  globalThis.setInterval = keeping as unknown as typeof setInterval
  try {
    const made = make()
    if (rounds.length === 0) throw new Error('Nothing goes by intervals any more')
    return { made, rounds }
  } finally {
    globalThis.setInterval = setInterval
  }
}
