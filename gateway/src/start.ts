import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { createKeyring, installBootstrapKey } from '@channelling/access'
import { createBookings, createEngineMetrics, createKept } from '@channelling/bookings'
import {
  createCatalogue,
  createSessionAnswers,
  fillIfEmpty,
  forgettingOnWrite,
  importCatalogue,
  startPublisher,
} from '@channelling/catalogue'
import { createCalendar, createClock } from '@channelling/contract'
import {
  closeGracefully,
  createLog,
  described,
  type Log,
  leave,
  type Start,
  standardOutput,
  tellPresence,
  watchStart,
} from '@channelling/http'
import { listenForMetrics } from '@channelling/metrics'
import { redeemTicket, sockets, startNotifications } from '@channelling/notifications'
import { createPatients } from '@channelling/patients'
import {
  backUp,
  createPresence,
  type DatabaseFault,
  isDurable,
  latestInstant,
  open,
  readiness,
  whenAnswered,
} from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { createWake } from '@channelling/wake'
import { createAdministration } from './administration'
import { createGateway } from './app'
import { createAuthentication } from './authentication'
import { controlPath, createControl, openControl } from './control'
import { keepServicesOut } from './folder'
import { createLeaving } from './leaving'
import { createFailedAttempts } from './limits/failed-attempts'
import { createPlaces } from './limits/places'
import { createRateLimiter } from './limits/rate-limit'
import { createWaiting } from './limits/waiting'
import { listenerOptions } from './listener'
import { createMetrics, createObserver, type SeenOf, watchSources } from './observation'
import { createOriginOf } from './origin'
import { createOpenSockets, createSocketDoor, passThrough, SOCKET_PATH, watchKeys } from './sockets'
import { embedded } from './upstream'
import { AT_ONCE_MAX, affinityOf, type RemoteOptions, type RemoteService, remote, WAITING_MAX } from './upstreams'

/** A running server. */
export interface Running {
  port: number
  close(): Promise<void>
}

/**
 * Puts everything together: the database, the services that are not elsewhere, and the gateway in front of all of them.
 * @throws StartFault, DataInUse, or what the operating system says of the folder or the port
 */
export function start(settings: Settings): Promise<Running> {
  const log = createLog(settings.LOG_LEVEL, 'channelling')
  const starting = watchStart(log)
  return putTogether(settings, log, starting.at).finally(starting.end)
}

async function putTogether(settings: Settings, log: Log, at: Start['at']): Promise<Running> {
  const listening = listenerOptions(settings, log)
  const calendar = createCalendar(settings.TIME_ZONE)
  const secret = settings.INTERNAL_SECRET ?? randomBytes(32).toString('hex')

  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
  accessSync(settings.DATA_DIR, constants.R_OK | constants.W_OK | constants.X_OK)
  const onFailure = (fault: DatabaseFault) => leave(fault, log)
  const onWaiting = (what: string) => log.warn({ what }, 'waiting for the database')
  const presence = createPresence(tellPresence(log))
  /** What is asked of the database is waited for, as the database itself is. */
  const step = <Answer>(what: string, ask: () => Promise<Answer>) => {
    at(what)
    return whenAnswered(ask, onWaiting)
  }
  const address = { url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN }
  const folder = keepServicesOut(settings.DATA_DIR)
  at('opening the database')
  const database = await open(address, { onFailure, onWaiting, presence }).catch((error) => {
    folder.release()
    throw error
  })

  /** What is running so far; closed in reverse. */
  const running: (() => Promise<void>)[] = [async () => folder.release(), () => database.close()]
  const closeAll = async () => {
    for (const close of running.splice(0).reverse()) {
      await close().catch((error) => log.error(described(error), 'something did not close as it should'))
    }
  }

  try {
    if (database.shared && (await isDurable(database)) === false) {
      log.warn('the database server answers before a write is on its disk: a power cut takes what it acknowledged last')
    }
    const readUrl = settings.DATABASE_READ_URL
    const lists = readUrl
      ? await open(
          { ...address, readUrl },
          { onWaiting, presence, onReadReplica: (serves, what) => log.warn({ serves, what }, 'the read replica') },
        )
      : database
    if (readUrl) running.push(() => lists.close())
    const clock = createClock(await step('reading the time', () => latestInstant(database)))
    const { BOOTSTRAP_KEY: key } = settings
    if (key) await step('the bootstrap key', () => installBootstrapKey(database, key, clock))
    const shared = { database, calendar, clock, secret, log }
    // a file has all its writers in this process, so that what was read of it may be kept; a server may have others
    const keeps = settings.DATABASE_URL.startsWith('file:')
    const answers = createSessionAnswers()
    const kept = createKept()
    const catalogue = {
      ...shared,
      database: lists,
      ...(keeps && { database: forgettingOnWrite(database, answers, kept), answers }),
      currency: settings.CURRENCY,
    }
    if (settings.DEMO_DATA === 'on' && !settings.CATALOGUE_URL) {
      await step('the demo catalogue', () => fillIfEmpty(catalogue))
    }

    const keyring = createKeyring({
      database,
      clock,
      calendar,
      onFault: (error) => log.warn(described(error), 'the uses of keys were not noted'),
    })
    running.push(() => keyring.close())
    const places = createPlaces({ perKey: settings.SOCKETS_PER_KEY, perAddress: settings.SOCKETS_PER_ADDRESS })
    const openSockets = createOpenSockets(places)
    const keyWatch = watchKeys({ keyring, sockets: openSockets, clock, log })
    running.push(async () => keyWatch.close())
    const metrics = createMetrics()
    const wake = createWake({ servers: settings.NATS_URL, log })
    running.push(() => wake.close())
    at('reading the stream of events')
    // where the sockets are fed elsewhere nobody reads the outbox here
    const notifications = settings.NOTIFICATIONS_URL
      ? null
      : await startNotifications({
          ...shared,
          wake,
          registry: metrics.registry,
          retentionDays: settings.EVENT_RETENTION_DAYS,
          ownNetworks: settings.WEBHOOKS_PRIVATE,
        })
    running.push(async () => notifications?.close())
    const sources = watchSources(metrics.registry, {
      socketsOpen: openSockets.count,
      databaseFailed: () => database.failure() !== null,
      linesDropped: standardOutput().dropped,
    })
    running.push(() => sources.close())
    const startBookings = () => {
      const engine = createEngineMetrics(metrics.registry)
      const bookings = createBookings({
        ...shared,
        lists,
        onSaved: engine.groupSaved,
        holdMinutes: settings.HOLD_MINUTES,
        holdsPerClient: settings.HOLDS_PER_CLIENT,
        ...(keeps && { kept }),
        onCommit: (sessionIds) => {
          answers.forget(sessionIds)
          notifications?.hear()
          wake.hint()
        },
      })
      running.push(() => bookings.close())
      engine.watchWaiting(bookings.waiting)
      return embedded('bookings', bookings.app)
    }
    const elsewhere = (
      name: keyof typeof AT_ONCE_MAX,
      origins: readonly string[],
      more: Partial<RemoteOptions> = {},
    ): RemoteService => {
      const service = remote({
        name,
        origins,
        atOnceMax: Math.ceil(AT_ONCE_MAX[name] / origins.length),
        waitingMax: WAITING_MAX,
        secret,
        log,
        ...more,
      })
      running.push(async () => service.close())
      return service
    }
    const { CATALOGUE_URL, BOOKINGS_URL, PATIENTS_URL, NOTIFICATIONS_URL } = settings
    const administration = createAdministration({ ...shared, keyring })
    const failed = createFailedAttempts(settings.RATE_LIMIT_FAILURES)
    const authenticate = createAuthentication(keyring, failed)
    const originOf = createOriginOf(settings.TRUSTED_PROXIES)
    const rateLimiter = createRateLimiter({ reads: settings.RATE_LIMIT_READS, writes: settings.RATE_LIMIT_WRITES })
    const socketDoor = (seenOf: SeenOf) =>
      createSocketDoor({
        authenticate,
        redeem: (ticket) => redeemTicket({ database, clock }, ticket),
        keyring,
        failed,
        rateLimiter,
        seenOf,
        sockets: openSockets,
        originOf,
        corsOrigins: settings.CORS_ORIGINS,
        access: settings.NOTIFY_ACCESS,
      })
    const notificationsElsewhere = NOTIFICATIONS_URL && elsewhere('notifications', NOTIFICATIONS_URL)
    at('asking the services what they do')
    const leaving = createLeaving(settings.CONTEXT_ROOT)
    const gateway = await createGateway({
      services: [
        CATALOGUE_URL ? elsewhere('catalogue', CATALOGUE_URL) : embedded('catalogue', createCatalogue(catalogue)),
        BOOKINGS_URL ? elsewhere('bookings', BOOKINGS_URL, { keepsAnswers: true, affinityOf }) : startBookings(),
        PATIENTS_URL
          ? elsewhere('patients', PATIENTS_URL)
          : embedded('patients', createPatients({ ...shared, database: lists, onChange: kept.forgetPatient })),
        notificationsElsewhere ?? embedded('notifications', notifications!.app),
        embedded('administration', administration, { notesOrigin: true }),
      ],
      contextRoot: settings.CONTEXT_ROOT,
      authenticate,
      socket: (seenOf) =>
        notificationsElsewhere
          ? passThrough({ service: notificationsElsewhere, door: socketDoor(seenOf), secret, log, seenOf })
          : sockets({
              feed: notifications!.feed,
              ...socketDoor(seenOf),
              path: SOCKET_PATH,
              log,
              requestIdOf: (request) => seenOf(request).requestId,
            }),
      ready: readiness(database),
      degraded: wake.degraded,
      rateLimiter,
      waiting: createWaiting({ places, ...(notificationsElsewhere && { atOnceMax: WAITING_MAX }) }),
      originOf,
      corsOrigins: settings.CORS_ORIGINS,
      leaving,
      observer: createObserver({ metrics, log, output: standardOutput(), slowMs: settings.SLOW_REQUEST_MS }),
      metrics,
      log,
    })

    gateway.listen(listening)
    const server = gateway.server!
    // sockets first, or the server waits for them
    running.push(async () => {
      // alone there is nobody to go to instead
      const leavingMs = (settings.LEAVING_SECONDS ?? (database.shared ? 2 : 0)) * 1000
      if (leavingMs > 0) {
        leaving.begin(server, (request) => gateway.fetch(request))
        await Bun.sleep(leavingMs)
      }
      const closed = closeGracefully(server)
      await notifications?.feed.close()
      if (notificationsElsewhere) notificationsElsewhere.endWaiting()
      openSockets.closeAll({ code: 1001, reason: 'The server is closing' })
      await closed
    })
    const control = openControl({
      path: controlPath(settings.DATA_DIR),
      app: createControl({
        administration,
        importCatalogue: (files, options) => importCatalogue(catalogue, files, options),
        backUp: (to) => backUp(address, to, { held: true }),
        timeZone: settings.TIME_ZONE,
        secret,
        log,
      }),
      log,
    })
    running.push(() => control.close())
    if (settings.METRICS_PORT !== undefined) {
      const { HOST: hostname, METRICS_PORT: port } = settings
      const listener = listenForMetrics({ registry: metrics.registry, hostname, port, log })
      running.push(() => listener.close())
    }
    if (!CATALOGUE_URL) {
      const publisher = startPublisher(catalogue)
      running.push(() => publisher.close())
    }
    log.info({ address: `${server.hostname}:${server.port}` }, 'listening')
    return { port: server.port!, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}
