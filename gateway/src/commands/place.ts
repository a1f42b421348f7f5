import { resolve } from 'node:path'
import { type DatabaseAddress, filePath, hasFile, lock } from '@channelling/schema'
import type { Settings } from '@channelling/settings'
import { hasServicesData, keepServicesFrom } from '../folder'
import { openServicesData } from '../supervision/own-data'
import { CommandFailed, WrongUsage } from './command'

/** What a command was told beside the settings. */
export interface Choice {
  /** `--services`: the data of `run services`, whatever else lies in the folder. */
  services?: boolean | undefined
}

/** What every command says of `--services`. */
export const SERVICES_HELP = `What lies in DATA_DIR is taken, of \`run up\` or of \`run services\`. --services means the latter, where both lie there or nothing does yet.`

/** Where the data is that settings and a choice mean. */
export type Place = { kind: 'database'; address: DatabaseAddress } | { kind: 'services'; folder: string }

/**
 * Decides where the data is: what `DATABASE_URL` names; else what lies in the folder, if that is of one kind; an empty one is taken for a file.
 * @throws DataInUse where a server holds it, CommandFailed where it cannot be told
 */
export function placeOf(settings: Settings, { services = false }: Choice): Place {
  const { DATA_DIR, DATABASE_URL, DATABASE_AUTH_TOKEN, databaseNamed } = settings
  const database: Place = { kind: 'database', address: { url: DATABASE_URL, authToken: DATABASE_AUTH_TOKEN } }
  if (services && databaseNamed)
    throw new WrongUsage('--services is for data in DATA_DIR, and DATABASE_URL names another')
  if (databaseNamed) return database
  const ofServices: Place = { kind: 'services', folder: resolve(DATA_DIR) }
  if (services) return ofServices
  if (!hasServicesData(DATA_DIR)) return database
  const path = filePath(DATABASE_URL)!
  if (!hasFile(path)) return ofServices
  // what runs says which it is
  keepServicesFrom(DATABASE_URL).release()
  lock(path).release()
  throw new CommandFailed(
    `${DATA_DIR} holds data of \`run up\` and of \`run services\`: say DATABASE_URL=${DATABASE_URL} for the one or --services for the other`,
  )
}

/** Data that a command has to itself until it closes it. */
export interface Data {
  address: DatabaseAddress
  close(): Promise<void>
}

/**
 * Takes the data for a command, starting the server of `run services` where it is that one's.
 * @param made whether it has to be there
 * @throws DataInUse, CommandFailed, CopyFault
 */
export async function takeData(settings: Settings, choice: Choice, { made = false } = {}): Promise<Data> {
  const place = placeOf(settings, choice)
  if (place.kind === 'services') {
    const { url, close } = await openServicesData(place.folder, { made })
    return { address: { url }, close }
  }
  const folder = keepServicesFrom(place.address.url)
  return { address: place.address, close: async () => folder.release() }
}
