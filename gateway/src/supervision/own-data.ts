import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CopyFault, exchange, sync } from '@channelling/schema'
import { remark } from '../commands/command'
import { holdForServices, servicesData } from '../folder'
import { freePorts } from './free-ports'
import { sqld } from './servers'
import { supervise } from './supervise'

/** A database that a command has to itself until it closes it. */
export interface Opened {
  url: string
  close(): Promise<void>
}

/**
 * Opens the data of `run services` while that one does not run, by the server that it would be run on.
 * @param made whether the data has to be there
 * @throws DataInUse, or CopyFault where there is none
 */
export async function openServicesData(folder: string, { made }: { made: boolean }): Promise<Opened> {
  if (made) requireMade(folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lease = holdForServices(folder)
  try {
    const server = await startServer(folder)
    return { url: server.url, close: () => server.close().finally(lease.release) }
  } catch (error) {
    lease.release()
    throw error
  }
}

function requireMade(folder: string): void {
  if (!existsSync(servicesData(folder))) throw new CopyFault(`There is no data of \`run services\` in ${folder}`)
}

export interface Filled<Done> {
  done: Done
  /** Where the data of before is; null where there was none. */
  before: string | null
}

/**
 * Gives `run services` other data, whole or not at all, whenever it is killed.
 * @param fill puts it into an empty server; `scratch` is a folder for what it needs meanwhile
 * @param isNew whether there may be none so far
 * @throws DataInUse, or CopyFault where there is some
 */
export async function fillServicesData<Done>(
  folder: string,
  { isNew }: { isNew: boolean },
  fill: (url: string, scratch: string) => Promise<Done>,
): Promise<Filled<Done>> {
  const lease = holdForServices(folder)
  const scratch = `${servicesData(folder)}.filling`
  const clear = () => rmSync(scratch, { recursive: true, force: true })
  try {
    if (isNew && existsSync(servicesData(folder))) {
      throw new CopyFault(`${servicesData(folder)} is there already: a copy goes into a database that is new`)
    }
    clear()
    mkdirSync(scratch, { mode: 0o700 })
    const server = await startServer(scratch)
    const done = await fill(server.url, scratch).finally(server.close)
    const finished = servicesData(scratch)
    for (const name of readdirSync(finished, { recursive: true, encoding: 'utf8' })) sync(join(finished, name))
    return { done, before: exchange(finished, servicesData(folder)) }
  } finally {
    clear()
    lease.release()
  }
}

async function startServer(folder: string): Promise<Opened> {
  const [port, adminPort] = freePorts(2) as [number, number]
  const task = sqld(folder, port, adminPort)
  // a command has its own to say, and not what its server finds worth a warning
  const quiet = { ...task, environment: { ...task.environment, RUST_LOG: 'error' } }
  const server = supervise(quiet, { line: async (text) => remark(text), remark })
  const end = () => void server.stop().finally(() => process.exit(1))
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, end)
  const close = async () => {
    await server.stop()
    for (const signal of signals) process.off(signal, end)
  }
  await server.ready.catch(async (error) => {
    await close()
    throw error
  })
  return { url: `http://127.0.0.1:${port}`, close }
}
