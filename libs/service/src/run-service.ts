import { type Calendar, createCalendar, createClock, type Instant } from '@channelling/contract'
import {
  closeOnSignal,
  createLog,
  type Log,
  leave,
  type ServeOptions,
  serve,
  startWithoutArguments,
  tellListening,
  tellPresence,
  watchStart,
} from '@channelling/http'
import { tellMetrics } from '@channelling/metrics'
import { createPresence, type Database, latestInstant, open, whenAnswered } from '@channelling/schema'
import { readServiceSettings, type ServiceSettings } from '@channelling/settings'
import { createWake, type Wake } from '@channelling/wake'

/** What a service in a process of its own has from its surroundings. */
export interface Given {
  settings: ServiceSettings
  calendar: Calendar
  log: Log
  metrics: ReturnType<typeof tellMetrics>
  /** Opens the database; with `replica` its readings are answered by the read replica, where there is one. */
  open(readings: 'primary' | 'replica'): Promise<Database>
  /** The time as all processes have it: it goes on from the latest moment that the database knows of. */
  clock(database: Database): Promise<() => Instant>
  /** Begins a step of the start, in words for whoever looks at the log. */
  at(what: string): void
  /** Does one that asks the database, which is waited for: it must do no harm twice. */
  step<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer>
  /** The way to hint to the other processes, and to hear from them. */
  wake(): Wake
}

/** A service that was put together. */
export interface Running extends Pick<ServeOptions, 'app' | 'sockets' | 'beforeClose'> {
  /** Ends what it does by itself, once nobody asks it any more. */
  close?(): Promise<void>
}

/** Runs a service as a process of its own, by the settings of its environment, until a signal ends it. */
export const runService = (name: string, put: (given: Given) => Promise<Running>): Promise<void> =>
  startWithoutArguments(async () => {
    const settings = readServiceSettings(process.env)
    const log = createLog(settings.LOG_LEVEL, name)
    const metrics = tellMetrics({ settings, log })
    /** What was opened so far; closed in reverse. */
    const opened: { close(): Promise<void> }[] = [metrics]
    const starting = watchStart(log)
    const onWaiting = (what: string) => log.warn({ what }, 'waiting for the database')
    const presence = createPresence(tellPresence(log))
    const step = <Answer>(what: string, ask: () => Promise<Answer>) => {
      starting.at(what)
      return whenAnswered(ask, onWaiting)
    }
    const { DATABASE_URL: url, DATABASE_AUTH_TOKEN: authToken, DATABASE_READ_URL: readUrl } = settings

    const { app, sockets, beforeClose, close } = await put({
      settings,
      calendar: createCalendar(settings.TIME_ZONE),
      log,
      metrics,
      async open(readings) {
        starting.at('opening the database')
        const database = await open(
          { url, authToken, readUrl: readings === 'replica' ? readUrl : undefined },
          {
            onFailure: (fault) => leave(fault, log),
            onWaiting,
            presence,
            onReadReplica: (serves, what) => log.warn({ serves, what }, 'the read replica'),
          },
        )
        opened.push(database)
        return database
      },
      clock: async (database) => createClock(await step('reading the time', () => latestInstant(database))),
      at: starting.at,
      step,
      wake() {
        const wake = createWake({ servers: settings.NATS_URL, log })
        opened.push(wake)
        return wake
      },
    })
    const server = serve({ app, hostname: settings.HOST, port: settings.PORT, log, sockets, beforeClose })
    starting.end()
    tellListening()
    closeOnSignal(async () => {
      await server.close()
      await close?.()
      for (const one of opened.reverse()) await one.close()
    }, log)
  })
