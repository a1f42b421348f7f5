// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so the compose file writes its variables
import { expect, test } from 'bun:test'
import { SQLD_OPTIONS } from '../../gateway/src/supervision/servers'
import { composeText, interpolated, readCompose } from './file'
import { isSent, stagesOf } from './image'
import { faultsOf } from './rules'

const text = await composeText()

test('the compose file is one by its specification; everything in it is watched, limited, started again, and holds no secret', () => {
  expect(faultsOf(Bun.YAML.parse(text))).toEqual([])
})

test.each([
  ['restart: unless-stopped', 'restart: "no"', 'bookings is not started again'],
  ['pids: 256', 'pids: 0', 'patients has no limits'],
  ['memory: 2G', 'memory: [2G]', '/services/database/deploy'],
  ['healthcheck: &asked', 'x-healthcheck: &asked', 'catalogue has no health check'],
  ['start_period: 60s', 'start: 60s', '/services/gateway/healthcheck'],
  ['read_only: true', 'read_only: false', 'nats can write its root'],
  ['cap_drop: [ALL]', 'cap_drop: [NET_RAW]', 'gateway keeps capabilities'],
  ['no-new-privileges:true', 'no-new-privileges:false', 'database can gain privileges'],
  ['nats:2.12.2-alpine', 'nats:alpine', 'nats has an image of no version'],
  ["expose: ['3002']", "ports: ['3002:3002']", 'bookings has a port of the host'],
  ['internal: true', 'internal: false', 'database reaches out'],
  ["PORT: '3001'", "PORT: '3001'\n      DEMO: x", 'catalogue is given DEMO, which is no setting'],
  ['DEMO_DATA: ${DEMO_DATA:-}', '', 'the setting DEMO_DATA cannot be given'],
  ['BOOTSTRAP_KEY: ${BOOTSTRAP_KEY:-}', 'BOOTSTRAP_KEY: chk_live_1', 'gateway has a value for BOOTSTRAP_KEY'],
  ['${DATABASE_AUTH_TOKEN:-}', '${DATABASE_AUTH_TOKEN:-ey1}', 'gateway has a value for DATABASE_AUTH_TOKEN'],
  ['nats://nats:4222', 'nats://me:secret@nats:4222', 'bookings has credentials in NATS_URL'],
  [
    "volumes: ['gateway:/data']",
    "volumes: ['/var/run/docker.sock:/data']",
    'gateway keeps data in a volume that is none',
  ],
  [
    'command: [bun, services/bookings',
    'container_name: one\n    command: [bun, services/bookings',
    'bookings cannot have replicas',
  ],
  ['networks: [inside]', 'network: [inside]', '/services/catalogue'],
])('the file with %p in place of what it says is found out', (was, is, fault) => {
  expect(text).toContain(was)
  expect(faultsOf(Bun.YAML.parse(text.replace(was, () => is))).join('\n')).toContain(fault)
})

test('without the secret that all share nothing starts, and it says what to set', () => {
  expect(() => readCompose(text, {})).toThrow(
    'required variable INTERNAL_SECRET is missing a value: Set INTERNAL_SECRET',
  )
  const { services } = readCompose(text, {
    INTERNAL_SECRET: 'known to all of them',
    PORT: '80',
    TIME_ZONE: 'Asia/Tokyo',
  })
  for (const name of ['gateway', 'catalogue', 'bookings', 'patients', 'notifications']) {
    expect(services[name]!.environment).toMatchObject({
      INTERNAL_SECRET: 'known to all of them',
      TIME_ZONE: 'Asia/Tokyo',
      DATABASE_AUTH_TOKEN: '',
    })
  }
  expect(services.gateway!.ports).toEqual(['80:8080'])
})

test('the database server has the options that it has under `run services`', () => {
  const { command } = readCompose(text, { INTERNAL_SECRET: 'known to all of them' }).services.database!
  expect(command.slice(-SQLD_OPTIONS.length)).toEqual(SQLD_OPTIONS)
})

test('variables are read as compose reads them', () => {
  const given = { A: 'a', EMPTY: '' }
  expect(interpolated('${A} $$A ${EMPTY:-b} ${NONE:-} ${NONE:-c:d}', given)).toBe('a $A b  c:d')
  for (const wrong of ['${NONE}', '${EMPTY:?say it}', '$A', '${A:+b}'])
    expect(() => interpolated(wrong, given)).toThrow()
})

test('the image is of a fixed version, and what runs in it is not root', async () => {
  const stages = stagesOf(await Bun.file(new URL('../../Dockerfile', import.meta.url).pathname).text())
  for (const [from] of stages) expect(from!.text).toMatch(/^oven\/bun:1\.4\.5-slim( AS install)?$/)
  const users = stages.at(-1)!.filter(({ name }) => name === 'USER')
  expect(users.map(({ text }) => text)).toEqual(['1000:1000'])
})

test('nothing but what runs is sent to a build', async () => {
  const ignore = await Bun.file(new URL('../../.dockerignore', import.meta.url).pathname).text()
  const sent = (path: string) => isSent(path, ignore)
  for (const path of [
    'bun.lock',
    'gateway/src/main.ts',
    'libs/schema/migrations/0000_catalogue.sql',
    'tests/package.json',
  ])
    expect([path, sent(path)]).toEqual([path, true])
  for (const path of [
    '.env',
    '.git/config',
    'data/channelling.db',
    'gateway/src/front.test.ts',
    'tests/all.ts',
    'README.md',
  ])
    expect([path, sent(path)]).toEqual([path, false])
  expect(sent('gateway/node_modules/zod/index.js')).toBe(false)
})
