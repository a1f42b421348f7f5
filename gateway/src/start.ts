import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { createKeyring, installBootstrapKey } from '@channelling/access'
import { createBookings, createKeptSessions, latestInstant } from '@channelling/bookings'
import {
  createCatalogue,
  createSessionAnswers,
  demoFolder,
  forgettingOnWrite,
  importCatalogue,
  readFolder,
  startPublisher,
} from '@channelling/catalogue'
import { createCalendar, createClock } from '@channelling/contract'
import { closeGracefully, createLog, described, leave, StartFault } from '@channelling/http'
import { createFeed, createNotifications, redeemTicket } from '@channelling/notifications'
import { createPatients } from '@channelling/patients'
import { type DatabaseFault, open, readiness } from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { createAdministration } from './administration'
import { createGateway } from './app'
import { createAuthentication } from './authentication'
import { controlPath, createControl, openControl } from './control'
import { listenerOptions } from './listener'
import { createRateLimiter } from './rate-limit'
import { createAdmitSubscriber } from './subscribers'
import { embedded } from './upstream'

/** A running server. */
export interface Running {
  port: number
  close(): Promise<void>
}

/**
 * Puts everything together in one process: the database, the services, and the gateway in front of them.
 * @throws StartFault, DataInUse, or what the operating system says of the folder or the port
 */
export async function start(settings: Settings): Promise<Running> {
  const listening = listenerOptions(settings)
  const log = createLog(settings.LOG_LEVEL, 'channelling')
  const calendar = createCalendar(settings.TIME_ZONE)
  const secret = settings.INTERNAL_SECRET ?? randomBytes(32).toString('hex')

  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
  accessSync(settings.DATA_DIR, constants.R_OK | constants.W_OK | constants.X_OK)
  const onFailure = (fault: DatabaseFault) => leave(fault, log)
  const database = await open({ url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN }, { onFailure })

  /** What is running so far; closed in reverse. */
  const running: (() => Promise<void>)[] = [() => database.close()]
  const closeAll = async () => {
    for (const close of running.splice(0).reverse()) {
      await close().catch((error) => log.error(described(error), 'something did not close as it should'))
    }
  }

  try {
    const clock = createClock(await latestInstant(database))
    if (settings.BOOTSTRAP_KEY) await installBootstrapKey(database, settings.BOOTSTRAP_KEY, clock)
    const shared = { database, calendar, clock, secret, log }
    const answers = createSessionAnswers()
    const kept = createKeptSessions()
    const catalogue = {
      ...shared,
      database: forgettingOnWrite(database, answers, kept),
      answers,
      currency: settings.CURRENCY,
    }
    if (settings.DEMO_DATA === 'on') await fillIfEmpty(catalogue)

    const keyring = createKeyring({
      database,
      clock,
      calendar,
      onFault: (error) => log.warn(described(error), 'the uses of keys were not noted'),
    })
    running.push(() => keyring.close())
    const feed = createFeed({ database, log })
    running.push(() => feed.close())
    await feed.start()
    const bookings = createBookings({
      ...shared,
      holdMinutes: settings.HOLD_MINUTES,
      holdsPerClient: settings.HOLDS_PER_CLIENT,
      kept,
      onCommit: (sessionIds) => {
        answers.forget(sessionIds)
        feed.wake()
      },
    })
    running.push(() => bookings.close())
    const administration = createAdministration({ ...shared, keyring })
    const authenticate = createAuthentication(keyring)
    const gateway = await createGateway({
      services: [
        embedded('catalogue', createCatalogue(catalogue)),
        embedded('bookings', bookings.app),
        embedded('patients', createPatients(shared)),
        embedded('notifications', createNotifications(shared)),
        embedded('administration', administration),
      ],
      contextRoot: settings.CONTEXT_ROOT,
      authenticate,
      admitSubscriber: createAdmitSubscriber({
        authenticate,
        redeem: (ticket) => redeemTicket({ database, clock }, ticket),
        access: settings.NOTIFY_ACCESS,
      }),
      feed,
      ready: readiness(database),
      rateLimiter: createRateLimiter({ reads: settings.RATE_LIMIT_READS, writes: settings.RATE_LIMIT_WRITES }, clock),
      corsOrigins: settings.CORS_ORIGINS,
      log,
    })

    gateway.listen(listening)
    const server = gateway.server!
    // sockets first, or the server waits for them
    running.push(async () => {
      const closed = closeGracefully(server)
      await feed.close()
      await closed
    })
    const control = openControl({
      path: controlPath(settings.DATA_DIR),
      app: createControl({
        administration,
        importCatalogue: (files, options) => importCatalogue(catalogue, files, options),
        secret,
        log,
      }),
      log,
    })
    running.push(() => control.close())
    const publisher = startPublisher(catalogue)
    running.push(() => publisher.close())
    log.info({ address: `${server.hostname}:${server.port}` }, 'listening')
    return { port: server.port!, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** An empty database gets the demo catalogue; one that holds anything is left alone. */
async function fillIfEmpty(catalogue: Parameters<typeof importCatalogue>[0]): Promise<void> {
  const [something] = await catalogue.database.read('SELECT 1 FROM hospital LIMIT 1')
  if (something) return
  const read = await readFolder(demoFolder)
  const done = read.ok ? await importCatalogue(catalogue, read.files) : read
  if (!done.ok) throw new StartFault('The demo catalogue is not whole')
}
