import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Lease } from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { gatewayFolder, holdForServices } from '../folder'
import { readGatewaySettings } from '../settings'
import { freePorts } from '../supervision/free-ports'
import { type Addressed, planProcesses, type Replicas, serviceNames } from '../supervision/plan'
import { nats, sqld } from '../supervision/servers'
import { type Supervised, supervise, type Task } from '../supervision/supervise'
import { remark, runCommand, say, WrongUsage } from './command'
import { introduce } from './introduce'
import { reach } from './reach'

const HELP = `Usage: bun run services [--gateway n] [--catalogue n] [--bookings n] [--patients n] [--notifications n]

Starts every service as processes of their own on this machine, so many of each (1; GATEWAY_REPLICAS, BOOKINGS_REPLICAS and so on say it
too), on a libSQL server in DATA_DIR, or on the one that DATABASE_URL names. NATS is started where nats-server is installed, or is
the one that NATS_URL names. The gateways listen on PORT and the ports after it, everything else on free ports of the loopback. What
ends is started again.`

const names = ['gateway', ...serviceNames] as const

/** Says what a process wrote, no faster than it is read. */
async function line(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}

/** Held while anything runs: neither server minds a second one on its data. */
let data: Lease | undefined

/** Everything that runs, in the order in which it was started; it is stopped the other way round. */
const stages: Supervised[][] = []

async function stopAll(): Promise<void> {
  for (const stage of stages.splice(0).reverse()) await Promise.all(stage.map((one) => one.stop()))
  data?.release()
}

/** Starts some processes together, and resolves when all of them do their work. */
async function startAll(tasks: Task[]): Promise<Supervised[]> {
  const stage = tasks.map((task) => supervise(task, { line, remark }))
  stages.push(stage)
  await Promise.all(stage.map(({ ready }) => ready))
  return stage
}

async function services(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      help: { type: 'boolean', short: 'h' },
      ...(Object.fromEntries(names.map((name) => [name, { type: 'string' }])) as Record<
        (typeof names)[number],
        { type: 'string' }
      >),
    },
  })
  if (values.help) return say(HELP)
  const given = Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_REPLICAS`, values[name]]))
  const asked = Object.fromEntries(Object.entries(given).filter(([, count]) => count !== undefined))
  const settings = readGatewaySettings({ DEMO_DATA: 'on', LOG_LEVEL: 'warn', ...process.env, ...asked })
  if (settings.databaseNamed && settings.DATABASE_URL.startsWith('file:')) {
    throw new WrongUsage('DATABASE_URL must be a libSQL server, or none: a file serves one process alone')
  }

  let closing: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      closing ??= stopAll().then(() => process.exit(0))
    })
  }
  try {
    await start(settings)
  } catch (error) {
    // what was told to end before it was ready has nothing to say
    if (closing) return closing
    await stopAll()
    throw error
  }
}

async function start(settings: Settings): Promise<void> {
  const folder = resolve(settings.DATA_DIR)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  data = holdForServices(folder)
  const [databasePort, adminPort, natsPort] = freePorts(3) as [number, number, number]
  const database = settings.databaseNamed ? null : sqld(folder, databasePort, adminPort)
  const hints = settings.NATS_URL ? null : nats(folder, natsPort)
  const shared = {
    ...process.env,
    DATA_DIR: folder,
    DEMO_DATA: settings.DEMO_DATA,
    LOG_LEVEL: settings.LOG_LEVEL,
    DATABASE_URL: database ? `http://127.0.0.1:${databasePort}` : settings.DATABASE_URL,
    INTERNAL_SECRET: settings.INTERNAL_SECRET ?? randomBytes(32).toString('hex'),
    ...(hints && { NATS_URL: `nats://127.0.0.1:${natsPort}` }),
  }
  const { services, gateways } = planProcesses({ ...settings, DATA_DIR: folder }, replicasOf(settings), shared)

  await startAll([database, hints].filter((task) => task !== null))
  const started = await startAll(services)
  const inFront = await startAll(gateways)
  const [first] = gateways
  say(`The channelling API is up
${gateways.map(({ url }) => `  API    ${url}/api`).join('\n')}
  Docs   ${first!.url}/docs
  Live   ${first!.url.replace('http', 'ws')}/ws/notify
  Data   ${folder}${database ? '' : ', and the libSQL server of DATABASE_URL'}
  NATS   ${hints ? shared.NATS_URL : (settings.NATS_URL?.length ?? 0) > 0 ? 'as NATS_URL says' : 'none: processes look for themselves'}

${listed([...services, ...gateways], [...started, ...inFront])}`)

  const control = await reach({ ...settings, DATA_DIR: gatewayFolder(folder, 1) })
  try {
    await introduce(settings, control, first!.url)
  } finally {
    await control.close()
  }
  say('Stop with Ctrl-C; the data stays.')
}

const replicasOf = (settings: Settings): Replicas => ({
  gateway: settings.GATEWAY_REPLICAS,
  catalogue: settings.CATALOGUE_REPLICAS,
  bookings: settings.BOOKINGS_REPLICAS,
  patients: settings.PATIENTS_REPLICAS,
  notifications: settings.NOTIFICATIONS_REPLICAS,
})

const listed = (planned: Addressed[], running: Supervised[]) =>
  planned.map(({ name, url }, at) => `  ${name.padEnd(16)} ${url}  process ${running[at]!.pid()}`).join('\n')

await runCommand(services)
