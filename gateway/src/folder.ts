import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DataInUse, filePath, finishExchange, hasFile, type Lease, lock, share } from '@channelling/schema'
import { controlPath } from './control'

/** What `run services` holds while it runs, and what others hold in part to keep it out. */
const servicesLock = (folder: string) => join(resolve(folder), 'services')

/** The data of `run services`, in the form of its libSQL server. */
export const servicesData = (folder: string): string => join(resolve(folder), 'sqld')

export const hasServicesData = (folder: string): boolean => hasFile(servicesData(folder))

const inUse = (folder: string, by: string) =>
  new DataInUse(
    `The folder ${folder} is in use by another process, ${by}: stop that one, or set DATA_DIR to another folder`,
  )

const BY_SERVICES = '`run services` or a command on its data'

/**
 * Takes a data folder for `run services`, or for a command on its data: its servers do not mind a second one on theirs. Whoever takes it
 * first ends the exchange of the data that a kill interrupted.
 * @throws DataInUse while another one has it, or any other server runs in it
 */
export function holdForServices(folder: string): Lease {
  const lease = lockForServices(folder)
  try {
    finishExchange(servicesData(folder))
    return lease
  } catch (error) {
    lease.release()
    throw error
  }
}

function lockForServices(folder: string): Lease {
  try {
    return lock(servicesLock(folder))
  } catch (error) {
    if (!(error instanceof DataInUse)) throw error
    const others = share(servicesLock(folder))
    others?.release()
    throw inUse(folder, others ? '`run up`, `run start` or a command' : BY_SERVICES)
  }
}

/**
 * Keeps `run services` out of a data folder, for whatever else is to work in it; any number of those may.
 * @throws DataInUse while `run services` runs in it, or a command works on its data
 */
export function keepServicesOut(folder: string): Lease {
  const lease = share(servicesLock(folder))
  if (!lease) throw inUse(folder, BY_SERVICES)
  return lease
}

/**
 * The same for a command that works on a database: where it is a file in a folder of `run services`, that one may not run meanwhile.
 * @throws DataInUse
 */
export function keepServicesFrom(url: string): Lease {
  const path = filePath(url)
  const folder = path === null ? null : dirname(path)
  // whoever only looks leaves nothing in folders that nobody ever ran services in
  if (folder === null || !existsSync(`${servicesLock(folder)}.lock`)) return { release() {} }
  return keepServicesOut(folder)
}

/** The folder of a gateway of `run services`, counted from 1. */
export const gatewayFolder = (folder: string, number: number): string => join(resolve(folder), `gateway-${number}`)

/**
 * Where servers may be asked that hold the data of a folder: the one that has the folder to itself, the gateways of `run services`, or
 * whichever runs.
 */
export function controlPathsOf(folder: string, which: 'one server' | 'services' | 'any'): string[] {
  return [...(which === 'services' ? [] : [controlPath(folder)]), ...(which === 'one server' ? [] : gatewaysOf(folder))]
}

function gatewaysOf(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.filter((name) => /^gateway-\d+$/.test(name)).map((name) => controlPath(join(folder, name)))
}
