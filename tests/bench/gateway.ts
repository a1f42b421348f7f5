/**
 * The same list asked of a service itself, and through what can stand in front of it, each in a process of its own: our gateway,
 * nginx, a proxy on Node and the barest on Bun; and of everything in one process. The list comes from memory (`light.ts`). `bun tests/bench/gateway.ts`
 * wants wrk, nginx and an otherwise idle machine.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signIdentity } from '@channelling/http'
import { open } from '@channelling/schema'
import { aHospital } from '../support/hospital'
import { freePort } from '../support/port'
import { startServer } from '../support/server'
import { startServices } from '../support/services'
import { startProxy } from './nginx'
import { inTurn, type Load, measure, told } from './wrk'

const PATH = '/api/channel/specialities'
const CPU_SECONDS = 4
const TICK_US = 10_000

/** CPU time that a process has used so far, in µs. */
function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

const seed = aHospital()
const preload = `${import.meta.dir}/light.ts`
const far = Date.now() + 3_600_000

// without a line for every request, as none of the others writes one; with limits that nobody reaches
const environment = { LOG_LEVEL: 'warn', RATE_LIMIT_READS: '10000000' }
await using services = await startServices({ environment })
await using embedded = await startServer({ quiet: true, seed, preload, environment })
const folder = mkdtempSync(join(tmpdir(), 'catalogue-'))
const database = await open({ url: `file:${folder}/channelling.db` })
await seed(database)
await database.close()
const port = freePort()
const service = `http://127.0.0.1:${port}`
const catalogue = Bun.spawn(
  [process.execPath, '--preload', preload, `${import.meta.dir}/../../services/catalogue/src/main.ts`],
  {
    env: {
      PATH: process.env.PATH,
      ...environment,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: `file:${folder}/channelling.db`,
      INTERNAL_SECRET: services.environment.INTERNAL_SECRET!,
    },
    stdout: 'ignore',
  },
)
while (!(await fetch(`${service}/health/ready`).catch(() => null))?.ok) await Bun.sleep(20)
await using split = await startServer({
  quiet: true,
  environment: { ...services.environment, ...environment, CATALOGUE_URL: service },
})
const caller = { clientId: 1, keyId: 1, access: 'all', scopes: ['catalogue:read'] } as const
const identity = signIdentity(services.environment.INTERNAL_SECRET!, caller, { method: 'GET', path: PATH }, far)
const nginx = await startProxy({ upstream: service, key: split.key, identity })
const fastify = Bun.spawn(['node', `${import.meta.dir}/fastify.cjs`], {
  env: { PATH: process.env.PATH, UPSTREAM: service, KEY: split.key, IDENTITY: identity },
  stdout: 'pipe',
})
const bareFetch = Bun.spawn([process.execPath, `${import.meta.dir}/bare-proxy.ts`], {
  env: { PATH: process.env.PATH, UPSTREAM: service, IDENTITY: identity },
  stdout: 'pipe',
})
/** A child says its port first. */
async function urlOf({ stdout }: { stdout: ReadableStream<Uint8Array> }): Promise<string> {
  const { value } = await stdout.getReader().read()
  return `http://127.0.0.1:${Number(new TextDecoder().decode(value))}`
}
const [fastifyUrl, bareFetchUrl] = await Promise.all([urlOf(fastify), urlOf(bareFetch)])

try {
  const finance = { Finance: split.key }
  const loads = {
    direct: { url: `${service}${PATH}`, headers: { 'X-Channelling-Identity': identity } },
    nginx: { url: `${nginx.url}${PATH}`, headers: finance },
    split: { url: `${split.url}${PATH}`, headers: finance },
    fastify: { url: `${fastifyUrl}${PATH}`, headers: finance },
    bareFetch: { url: `${bareFetchUrl}${PATH}` },
    embedded: { url: `${embedded.url}${PATH}`, headers: { Finance: embedded.key } },
  }
  const results = await inTurn(loads)
  console.log(told('the service itself', results.direct))
  console.log(told('nginx and the service', results.nginx, results.direct))
  console.log(told('our gateway and the service', results.split, results.direct))
  console.log(told('@fastify/http-proxy and the service', results.fastify, results.direct))
  console.log(told('a bare proxy by `fetch` and the service', results.bareFetch, results.direct))
  console.log(told('everything in one process', results.embedded, results.direct))
  // what a request costs the process that answers it, all of its threads together
  const cpuOf = async (load: Load, pid: number) => {
    const before = cpuUs(pid)
    const { perSecond } = await measure({ ...load, seconds: CPU_SECONDS })
    return (cpuUs(pid) - before) / (perSecond * CPU_SECONDS)
  }
  for (let round = 0; round < 3; round++) {
    const [alone, whole] = [await cpuOf(loads.direct, catalogue.pid), await cpuOf(loads.embedded, embedded.pid)]
    console.log(`CPU a request: the service ${alone.toFixed(1)} µs, all in one process ${whole.toFixed(1)} µs`)
  }
  const beside = (one: keyof typeof results, other: keyof typeof results) =>
    (results[one].perSecond / results[other].perSecond).toFixed(2)
  console.log(
    `one process beside nginx ${beside('embedded', 'nginx')}, split beside nginx ${beside('split', 'nginx')}, `,
  )
  console.log(
    `split beside fastify ${beside('split', 'fastify')}, bare fetch beside fastify ${beside('bareFetch', 'fastify')}`,
  )
} finally {
  fastify.kill()
  bareFetch.kill()
  catalogue.kill()
  await nginx.stop()
}
