import { isIP } from 'node:net'
import { createCalendar } from '@channelling/contract'
import { z } from 'zod'

const whole = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
}

const timeZone = z.string().refine((zone) => {
  try {
    createCalendar(zone)
    return true
  } catch {
    return false
  }
}, 'must be a time zone such as Asia/Colombo')

/** Clients resolve `.` and `..` by themselves, and would never ask for a path that holds one. */
const SEGMENT = String.raw`(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+`

const contextRoot = z
  .string()
  .regex(new RegExp(`^/?(${SEGMENT}(/${SEGMENT})*/?)?$`), 'must be a path such as /channelling, without . or .. in it')
  .transform((root) => {
    const bare = root.replace(/^\/|\/$/g, '')
    return bare === '' ? '' : `/${bare}`
  })

/**
 * `http(s)://` and a host, several of them separated by commas: the replicas of a service. `dns+http://` is one at each address of the
 * host; there is no `dns+https://`, since a certificate is for a name.
 */
const origins = z
  .string()
  .transform((list) => list.split(',').map((one) => one.trim().replace(/\/$/, '')))
  .refine(
    (all) =>
      all.every((one) => /^(https?|dns\+http):\/\/[^\s/?#@]+$/.test(one) && URL.canParse(one.replace('dns+', ''))),
    'must be http(s):// or dns+http:// and a host, several of them separated by commas',
  )
  .transform((all) => [...new Set(all)])

/** `nats://` or `tls://` and a host, with credentials where the server asks for them; the servers of a cluster are separated by commas. */
const natsServers = z
  .string()
  .transform((list) => list.split(',').map((one) => one.trim()))
  .refine(
    (all) => all.every((one) => /^(nats|tls):\/\/([^\s/?#@]+@)?[^\s/?#@]+$/.test(one) && URL.canParse(one)),
    'must be nats:// or tls:// and a host, several of them separated by commas',
  )

/** The origins of web pages as a browser says them, separated by commas, or `*` alone. */
const pageOrigins = z
  .string()
  .transform((list) => list.split(',').map((one) => one.trim()))
  .refine(
    (all) => (all.length === 1 && all[0] === '*') || all.every(isOrigin),
    'must be *, or origins such as https://app.example.org, separated by commas',
  )

const isOrigin = (text: string) =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text

/** Addresses, and networks by their prefix, separated by commas. */
const networks = z
  .string()
  .transform((list) => list.split(',').map((one) => one.trim()))
  .refine(
    (all) => all.every(isNetwork),
    'must be addresses or networks such as 10.0.0.7 or 10.0.0.0/8, separated by commas',
  )

function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!
  return bits >= 0 && Number(prefix ?? 0) <= bits
}

/** Every setting, with its default. */
export const settings = z.object({
  HOST: z.string().regex(/^\S+$/, 'must be an address or a name of this machine').default('0.0.0.0'),
  PORT: whole(0, 65_535).default(8080),
  CONTEXT_ROOT: contextRoot.default(''),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^(file:.+|(https?|wss?|libsql):\/\/.+)$/, 'must begin with file:, http(s)://, ws(s):// or libsql://')
    .optional(),
  DATABASE_AUTH_TOKEN: z.string().optional(),
  DATABASE_READ_URL: z
    .string()
    .regex(/^(https?|wss?|libsql):\/\/.+$/, 'must begin with http(s)://, ws(s):// or libsql://')
    .optional(),
  TIME_ZONE: timeZone.default('Asia/Colombo'),
  CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters such as LKR')
    .default('LKR'),
  HOLD_MINUTES: whole(1, 1440).default(20),
  HOLDS_PER_CLIENT: whole(0, 100_000).default(200),
  EVENT_RETENTION_DAYS: whole(0, 36_500).default(30),
  NOTIFY_ACCESS: z.enum(['key', 'open']).default('key'),
  WEBHOOKS_PRIVATE: z.enum(['refuse', 'allow']).default('refuse'),
  BOOTSTRAP_KEY: z.string().optional(),
  DEMO_DATA: z.enum(['on', 'off']).default('off'),
  RATE_LIMIT_READS: whole(0, 10_000_000).default(6000),
  RATE_LIMIT_WRITES: whole(0, 10_000_000).default(1200),
  RATE_LIMIT_FAILURES: whole(0, 10_000_000).default(1200),
  SOCKETS_PER_KEY: whole(0, 1_000_000).default(1000),
  SOCKETS_PER_ADDRESS: whole(0, 1_000_000).default(1000),
  LEAVING_SECONDS: whole(0, 300).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SLOW_REQUEST_MS: whole(0, 600_000).default(1000),
  METRICS_PORT: whole(0, 65_535).optional(),
  CATALOGUE_URL: origins.optional(),
  BOOKINGS_URL: origins.optional(),
  PATIENTS_URL: origins.optional(),
  NOTIFICATIONS_URL: origins.optional(),
  NATS_URL: natsServers.optional(),
  GATEWAY_REPLICAS: whole(1, 64).default(1),
  CATALOGUE_REPLICAS: whole(1, 64).default(1),
  BOOKINGS_REPLICAS: whole(1, 64).default(1),
  PATIENTS_REPLICAS: whole(1, 64).default(1),
  NOTIFICATIONS_REPLICAS: whole(1, 64).default(1),
  CORS_ORIGINS: pageOrigins.default([]),
  TRUSTED_PROXIES: networks.default([]),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  INTERNAL_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
})

export type Shape = z.output<typeof settings>
export type Name = keyof Shape
