import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { createKeyring, installBootstrapKey } from '@channelling/access'
import { createBookings } from '@channelling/bookings'
import { createCatalogue } from '@channelling/catalogue'
import { createCalendar } from '@channelling/contract'
import { closeGracefully, createLog, described } from '@channelling/http'
import { createFeed, createNotifications, redeemTicket } from '@channelling/notifications'
import { createPatients } from '@channelling/patients'
import { open } from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { createAdministration } from './administration'
import { createGateway } from './app'
import { createAuthentication } from './authentication'
import { createRateLimiter } from './rate-limit'
import { createAdmitSubscriber } from './subscribers'
import { embedded } from './upstream'

/** The listener answers what is larger by itself, without the envelope; the gateway refuses what is over 64 KiB long before. */
const LISTENER_BODY_BYTES_MAX = 1024 ** 4

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
  const log = createLog(settings.LOG_LEVEL, 'channelling')
  const clock = Date.now
  const calendar = createCalendar(settings.TIME_ZONE)
  const secret = settings.INTERNAL_SECRET ?? randomBytes(32).toString('hex')

  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
  accessSync(settings.DATA_DIR, constants.R_OK | constants.W_OK | constants.X_OK)
  const database = await open({ url: settings.DATABASE_URL, authToken: settings.DATABASE_AUTH_TOKEN })
  try {
    if (settings.BOOTSTRAP_KEY) await installBootstrapKey(database, settings.BOOTSTRAP_KEY, clock)

    const keyring = createKeyring({
      database,
      clock,
      onFault: (error) => log.warn(described(error), 'last uses not noted'),
    })
    const feed = createFeed({ database, log })
    const shared = { database, calendar, clock, secret, log }
    const bookings = createBookings({ ...shared, holdMinutes: settings.HOLD_MINUTES, onEvents: () => feed.wake() })
    const authenticate = createAuthentication(keyring)
    const gateway = await createGateway({
      services: [
        embedded('catalogue', createCatalogue({ ...shared, currency: settings.CURRENCY })),
        embedded('bookings', bookings.app),
        embedded('patients', createPatients(shared)),
        embedded('notifications', createNotifications(shared)),
        embedded('administration', createAdministration({ ...shared, keyring })),
      ],
      contextRoot: settings.CONTEXT_ROOT,
      authenticate,
      admitSubscriber: createAdmitSubscriber({
        authenticate,
        redeem: (ticket) => redeemTicket({ database, clock }, ticket),
        access: settings.NOTIFY_ACCESS,
      }),
      feed,
      rateLimiter: createRateLimiter({ reads: settings.RATE_LIMIT_READS, writes: settings.RATE_LIMIT_WRITES }, clock),
      secret,
      clock,
      log,
    })

    await feed.start()
    gateway.listen({ hostname: settings.HOST, port: settings.PORT, maxRequestBodySize: LISTENER_BODY_BYTES_MAX })
    const server = gateway.server!
    log.info({ address: `${server.hostname}:${server.port}` }, 'listening')
    return {
      port: server.port!,
      async close() {
        const stopped = closeGracefully(server)
        await feed.close()
        await stopped
        await bookings.close()
        await keyring.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}
