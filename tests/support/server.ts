import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintKey } from '@channelling/access'
import { type Database, open } from '@channelling/schema'
import { type Runnable, untilHealthy } from '../compose/container'
import { startProject } from '../compose/project'
import { type Contract, contractOf } from './contract'
import { type Form, form as formOfAll } from './forms'
import { freePort } from './port'
import { answersWell, aProcess } from './process'
import { type Reply, replyOf } from './reply'
import { type Services, type ServicesGiven, startServices } from './services'

const main = new URL('../../gateway/src/main.ts', import.meta.url).pathname

/** How long a start may take before the test gives up on it. */
const START_MS_MAX = 40_000

export interface CallOptions {
  key?: string | null
  headers?: Record<string, string>
  /** Sent as it is, in place of JSON. */
  raw?: BodyInit
}

export type Call = (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Reply>

/** A started server on a data folder of its own, spoken to as integrators do. */
export interface Server {
  url: string
  port: number
  /** Every scope, access `all`. */
  key: string
  dataDir: string
  /** The process that serves. */
  pid: number
  /** What stands behind it where `FORM` is `split`. */
  services?: Services
  /** The code with which it ends; null where a signal ended it. */
  exited: Promise<number | null>
  /** Everything it wrote. */
  output(): string
  /** What its document promises. */
  contract: Contract
  /**
   * Sends a request with the server's own key, unless another or none is named.
   * @throws ContractFault for an answer that the document does not describe
   */
  call: Call
  /** `call`, with another key. */
  as(key: string): Call
  /** Ends it the way an operator does. */
  stop(): Promise<void>
  /** Ends it the way a power cut does. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  restart(environment?: Record<string, string>): Promise<void>
  /** Ends it and removes its data. */
  [Symbol.asyncDispose](): Promise<void>
}

export interface Given {
  /** Settings, in addition to those that make a server of its own. */
  environment?: Record<string, string>
  /** What is in the database before the server starts. */
  seed?: (database: Database) => Promise<void>
  /** A script that the server's process runs before its own, and those of services apart as well. */
  preload?: string
  /** A command that starts the server's process and leaves it its place, so that signals reach it. */
  under?: readonly string[]
  /** Without a line for every request, for measuring. */
  quiet?: boolean
  /** Another form than that of all tests. */
  form?: Form
  /** Of the services behind it, where it is apart. */
  replicas?: ServicesGiven['replicas']
  /** The folder of the image's files, in place of the checkout, where it is of docker-compose.yml. */
  image?: string
  /** Whether nothing but its volumes can be written, where it is of docker-compose.yml. */
  readOnly?: boolean
}

const urlOf = ({ TLS_CERT, CONTEXT_ROOT = '' }: Record<string, string>, port: number) =>
  `${TLS_CERT ? 'https' : 'http'}://127.0.0.1:${port}${CONTEXT_ROOT}`

/** Trusts the certificate that the server was given, and no other. */
const trustOf = ({ TLS_CERT }: Record<string, string>) => (TLS_CERT ? { tls: { ca: Bun.file(TLS_CERT) } } : {})

/**
 * Starts a server as a process, with no limit of rates unless the environment names one. With `FORM=split` it is the gateway alone,
 * with every service in a process of its own behind it; with `FORM=compose` the gateway that docker-compose.yml names, with all the rest
 * of that file behind it, and the environment is what its operator exports.
 */
export async function startServer({
  environment = {},
  seed,
  preload,
  under = [],
  quiet = false,
  form = formOfAll,
  replicas,
  image,
  readOnly,
}: Given = {}): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'channelling-'))
  const project =
    form === 'compose' ? await startProject({ seed, environment, replicas, cwd: image, readOnly }) : undefined
  const apart =
    project ?? (form === 'split' ? await startServices({ seed, environment, replicas, preload }) : undefined)
  if (seed && !apart) {
    // elsewhere and then copied: a closed connection keeps its files, and the locks on them, until it is collected
    const folder = mkdtempSync(join(tmpdir(), 'seed-'))
    const database = await open({ url: `file:${folder}/channelling.db` })
    await seed(database)
    await database.close()
    copyFileSync(join(folder, 'channelling.db'), join(dataDir, 'channelling.db'))
    rmSync(folder, { recursive: true })
  }
  const key = mintKey()
  let given = environment
  const removeData = () => rmSync(dataDir, { recursive: true, force: true })
  let port = 0
  let composed: Runnable | undefined
  const url = () => urlOf(given, port)
  const server = aProcess(() => {
    const chosen = quiet || project ? freePort() : 0
    const told = {
      PATH: process.env.PATH ?? '',
      HOST: '127.0.0.1',
      PORT: String(chosen),
      ...(quiet && { LOG_LEVEL: 'warn' }),
      DATA_DIR: dataDir,
      BOOTSTRAP_KEY: key,
      RATE_LIMIT_READS: '0',
      RATE_LIMIT_WRITES: '0',
      RATE_LIMIT_FAILURES: '0',
      ...apart?.environment,
      ...given,
    }
    composed = project?.gateway(told, dataDir)
    const [program, ...words] = composed?.command ?? [process.execPath, main]
    return {
      name: 'the server',
      command: [...under, program!, ...(preload ? ['--preload', preload] : []), ...words],
      environment: composed?.environment ?? told,
      cwd: composed?.cwd,
      async isReady(output) {
        const said = /"address":"[^"]*:(\d+)"[^\n]*"msg":"listening"/.exec(output)?.[1]
        if (said) port = Number(said)
        // one that says nothing of itself is asked
        else if (quiet && (await answersWell(`${urlOf(given, chosen)}/health/live`))) port = chosen
        else return false
        return true
      },
      startMsMax: START_MS_MAX,
    }
  })

  /** @param known what the same program promised */
  async function start(known?: Contract): Promise<Contract> {
    await server.start()
    if (composed) await untilHealthy(composed.isHealthy)
    return known ?? contractOf(url(), trustOf(given))
  }
  let contract = await start().catch(async (error) => {
    await server.kill()
    await apart?.[Symbol.asyncDispose]()
    removeData()
    throw error
  })

  const callWith =
    (defaultKey: string): Call =>
    async (method, path, body, options = {}) => {
      const sent = options.key === undefined ? defaultKey : options.key
      const response = await fetch(`${url()}${path}`, {
        method,
        headers: {
          ...(sent !== null && { finance: sent }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...options.headers,
        },
        body: options.raw ?? (body === undefined ? undefined : JSON.stringify(body)),
        ...trustOf(given),
      })
      const reply = await replyOf(response)
      contract.check({ ...reply, method, path: response.url.slice(url().length) })
      return reply
    }

  return {
    get url() {
      return url()
    },
    get port() {
      return port
    },
    get contract() {
      return contract
    },
    get pid() {
      return server.pid
    },
    get exited() {
      return server.exited
    },
    key,
    dataDir,
    services: apart,
    output: server.output,
    call: callWith(key),
    as: callWith,
    stop: server.stop,
    kill: server.kill,
    async restart(extra) {
      given = { ...given, ...extra }
      if (apart && extra) {
        const all = Object.values(apart.processes).flat()
        await Promise.all(all.map((one) => one.kill().then(() => one.start(extra))))
      }
      contract = await start(extra ? undefined : contract)
    },
    async [Symbol.asyncDispose]() {
      await server.kill()
      await apart?.[Symbol.asyncDispose]()
      removeData()
    },
  }
}
