import { expect, test } from 'bun:test'
import { readServiceSettings, readSettings, SettingsFault } from '.'

const faultsOf = (environment: Record<string, string>, read: typeof readSettings = readSettings): string[] => {
  try {
    read(environment)
  } catch (error) {
    if (error instanceof SettingsFault)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
    throw error
  }
  return []
}

test('without any setting there is a default for each, and an empty one counts as none', () => {
  expect(readSettings({ PORT: '', TIME_ZONE: undefined })).toMatchObject({
    HOST: '0.0.0.0',
    PORT: 8080,
    CONTEXT_ROOT: '',
    DATABASE_URL: 'file:./data/channelling.db',
    TIME_ZONE: 'Asia/Colombo',
    CURRENCY: 'LKR',
    HOLD_MINUTES: 20,
    HOLDS_PER_CLIENT: 200,
    EVENT_RETENTION_DAYS: 30,
    NOTIFY_ACCESS: 'key',
    DEMO_DATA: 'off',
    RATE_LIMIT_READS: 6000,
    RATE_LIMIT_WRITES: 1200,
    SLOW_REQUEST_MS: 1000,
    RATE_LIMIT_FAILURES: 1200,
  })
})

test('every fault is told at once, each with its setting', () => {
  const faults = faultsOf({ PORT: '99999', TIME_ZONE: 'Mars/Olympus', HOLD_MINUTES: '1.5', CURRENCY: 'rupees' })
  expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual(['CURRENCY', 'HOLD_MINUTES', 'PORT', 'TIME_ZONE'])
})

test('what settings ask of each other is told beside a fault of another one', () => {
  expect(faultsOf({ NOTIFY_ACCESS: 'maybe', CATALOGUE_URL: 'http://x:1' })).toEqual([
    expect.stringContaining('NOTIFY_ACCESS'),
    expect.stringContaining('INTERNAL_SECRET must be set beside CATALOGUE_URL'),
    expect.stringContaining('DATABASE_URL must be a libSQL server beside CATALOGUE_URL'),
  ])
  expect(faultsOf({ PORT: '99999', NOTIFY_ACCESS: 'maybe', TLS_CERT: '/nope' })).toEqual([
    expect.stringContaining('PORT'),
    expect.stringContaining('NOTIFY_ACCESS'),
    'TLS_KEY must be set beside TLS_CERT',
  ])
  expect(faultsOf({ LOG_LEVEL: 'loud', DATABASE_READ_URL: 'http://x:1' })).toEqual([
    expect.stringContaining('LOG_LEVEL'),
    expect.stringContaining('DATABASE_READ_URL must be set with'),
  ])
})

test('what a wrong setting would ask of others is not told', () => {
  expect(faultsOf({ CATALOGUE_URL: 'x', INTERNAL_SECRET: 'short', DATABASE_URL: 'postgres://x' })).toEqual([
    expect.stringContaining('DATABASE_URL must begin with'),
    expect.stringContaining('CATALOGUE_URL must be'),
    expect.stringContaining('INTERNAL_SECRET must have'),
  ])
  expect(faultsOf({ BOOKINGS_URL: 'http://x', INTERNAL_SECRET: 'short' })).toEqual([
    expect.stringContaining('INTERNAL_SECRET must have'),
    expect.stringContaining('DATABASE_URL must be a libSQL server beside BOOKINGS_URL'),
  ])
  expect(faultsOf({ DATABASE_URL: 'postgres://x', DATABASE_READ_URL: 'http://x:1' })).toEqual([
    expect.stringContaining('DATABASE_URL must begin with'),
  ])
})

test('a service alone is told of its missing secret beside every other fault', () => {
  const needed = 'INTERNAL_SECRET must be set, the same for the gateway and the services'
  expect(faultsOf({}, readServiceSettings)).toEqual([needed])
  expect(faultsOf({ LOG_LEVEL: 'loud' }, readServiceSettings)).toEqual([expect.stringContaining('LOG_LEVEL'), needed])
  expect(faultsOf({ CATALOGUE_URL: 'http://x', DATABASE_URL: 'http://y' }, readServiceSettings)).toEqual([needed])
})

test('what only one who uses a setting can tell of it is told beside every other fault', () => {
  const checks = {
    BOOTSTRAP_KEY: (key: string) => (key === 'a key' ? undefined : 'must be a key'),
    TLS_CERT: () => 'cannot be read',
  }
  const read = (environment: Record<string, string | undefined>) => readSettings(environment, checks)
  expect(faultsOf({ PORT: 'x', BOOTSTRAP_KEY: 'abc', TLS_CERT: 'a.pem' }, read)).toEqual([
    expect.stringContaining('PORT'),
    'TLS_KEY must be set beside TLS_CERT',
    'BOOTSTRAP_KEY must be a key',
    'TLS_CERT cannot be read',
  ])
  expect(faultsOf({ BOOTSTRAP_KEY: 'a key' }, read)).toEqual([])
})

test.each([
  ['PORT', '1e3'],
  ['PORT', '-1'],
  ['METRICS_PORT', '65536'],
  ['SLOW_REQUEST_MS', '1s'],
  ['HOLD_MINUTES', '0'],
  ['NOTIFY_ACCESS', 'everybody'],
  ['DATABASE_URL', 'postgres://x'],
  ['CONTEXT_ROOT', 'a b'],
  ['CONTEXT_ROOT', '/a/../b'],
  ['CONTEXT_ROOT', '/a/./b'],
  ['CONTEXT_ROOT', '..'],
  ['CONTEXT_ROOT', '/a/.'],
  ['CONTEXT_ROOT', '/a//b'],
  ['CONTEXT_ROOT', '//a'],
  ['CONTEXT_ROOT', '/a//'],
  ['HOST', 'two names'],
  ['INTERNAL_SECRET', 'short'],
])('%s=%s cannot be used', (name, value) => {
  expect(faultsOf({ [name]: value })).toEqual([expect.stringContaining(name)])
})

test.each([
  ['/', ''],
  ['a', '/a'],
  ['/a/b/', '/a/b'],
  ['/.a/b..c/...', '/.a/b..c/...'],
])('CONTEXT_ROOT=%s is the path %s', (given, root) => {
  expect(readSettings({ CONTEXT_ROOT: given }).CONTEXT_ROOT).toBe(root)
})

test('NATS is one server or several, with credentials or without', () => {
  const servers = (list: string) => readSettings({ NATS_URL: list }).NATS_URL
  expect(servers('')).toBeUndefined()
  expect(servers('nats://one:4222, tls://user:secret@two')).toEqual(['nats://one:4222', 'tls://user:secret@two'])
  for (const list of ['x', 'http://one', 'nats://', 'nats://one,', 'nats://one/path']) {
    expect([list, ...faultsOf({ NATS_URL: list })]).toEqual([list, expect.stringContaining('NATS_URL must be')])
  }
})

test('services in processes of their own need a secret to share, and a database that serves them all', () => {
  const apart = { BOOKINGS_URL: 'http://one:3000, http://two:3000/', PATIENTS_URL: 'https://patients' }
  expect(faultsOf(apart)).toEqual([
    expect.stringContaining('INTERNAL_SECRET must be set beside BOOKINGS_URL'),
    expect.stringContaining('DATABASE_URL must be a libSQL server beside BOOKINGS_URL'),
  ])
  const whole = { ...apart, INTERNAL_SECRET: 'known to all of them', DATABASE_URL: 'http://database:8080' }
  expect(readSettings(whole)).toMatchObject({
    BOOKINGS_URL: ['http://one:3000', 'http://two:3000'],
    PATIENTS_URL: ['https://patients'],
  })
  expect(readSettings({ ...whole, BOOKINGS_URL: 'dns+http://bookings:3000' }).BOOKINGS_URL).toEqual([
    'dns+http://bookings:3000',
  ])
  for (const url of [
    'dns+https://one',
    'dns+http://',
    'one:3000',
    'http://one/path',
    'ftp://one',
    'http://one,',
    'http://user:password@one',
  ]) {
    expect(faultsOf({ ...whole, CATALOGUE_URL: url })).toEqual([expect.stringContaining('CATALOGUE_URL must be')])
  }
})

test('origins of pages are said as a browser says them, or * alone', () => {
  const origins = (list: string) => readSettings({ CORS_ORIGINS: list }).CORS_ORIGINS
  expect(origins('')).toEqual([])
  expect(origins('*')).toEqual(['*'])
  expect(origins('https://a.example, http://localhost:3000')).toEqual(['https://a.example', 'http://localhost:3000'])
  for (const list of [
    'a.example',
    'https://a.example/',
    'https://a.example,',
    'https://A.example',
    'https://a.example:443',
    'https://u@a.example',
    'null',
    '*,https://a.example',
    'ftp://a.example',
    'https://*.example',
  ]) {
    expect([list, ...faultsOf({ CORS_ORIGINS: list })]).toEqual([list, expect.stringContaining('CORS_ORIGINS must be')])
  }
})

test('proxies are named by their addresses or networks', () => {
  const proxies = (list: string) => readSettings({ TRUSTED_PROXIES: list }).TRUSTED_PROXIES
  expect(proxies('')).toEqual([])
  expect(proxies('10.0.0.7, 10.0.0.0/8,fd00::/8')).toEqual(['10.0.0.7', '10.0.0.0/8', 'fd00::/8'])
  for (const list of ['proxy', '10.0.0', '10.0.0.0/33', '10.0.0.0/', 'fd00::/129', '10.0.0.7,', '*', '10.0.0.0/8/8']) {
    const fault = expect.stringContaining('TRUSTED_PROXIES must be')
    expect([list, ...faultsOf({ TRUSTED_PROXIES: list })]).toEqual([list, fault])
  }
})

test('a certificate comes with its key', () => {
  expect(faultsOf({ TLS_CERT: 'a.pem' })).toEqual(['TLS_KEY must be set beside TLS_CERT'])
  expect(faultsOf({ TLS_KEY: 'a.pem' })).toEqual(['TLS_CERT must be set beside TLS_KEY'])
  expect(readSettings({ TLS_CERT: 'a.pem', TLS_KEY: 'b.pem' })).toMatchObject({ TLS_CERT: 'a.pem', TLS_KEY: 'b.pem' })
})

test('the context root is written with one slash before it and none after', () => {
  for (const root of ['hmis', '/hmis', '/hmis/', 'hmis/']) {
    expect(readSettings({ CONTEXT_ROOT: root }).CONTEXT_ROOT).toBe('/hmis')
  }
  expect(readSettings({ CONTEXT_ROOT: '/' }).CONTEXT_ROOT).toBe('')
  expect(readSettings({ CONTEXT_ROOT: '/a/b' }).CONTEXT_ROOT).toBe('/a/b')
})
