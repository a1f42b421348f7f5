import { fileURLToPath } from 'node:url'
import { StartFault } from '@channelling/http'
import { importCatalogue } from './import/import-catalogue'
import { readFolder } from './import/read-folder'

/** A folder to import that fills an empty database: at any hour of any day something in it can be booked. */
export const demoFolder = fileURLToPath(new URL('../demo', import.meta.url))

/**
 * An empty database gets the demo catalogue; one that holds anything is left alone.
 * @throws StartFault
 */
export async function fillIfEmpty(catalogue: Parameters<typeof importCatalogue>[0]): Promise<void> {
  const [something] = await catalogue.database.read('SELECT 1 FROM hospital LIMIT 1')
  if (something) return
  const read = await readFolder(demoFolder)
  const done = read.ok ? await importCatalogue(catalogue, read.files) : read
  if (!done.ok) throw new StartFault('The demo catalogue is not whole')
}
