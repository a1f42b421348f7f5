import { fileURLToPath } from 'node:url'

export { createCatalogue } from './app'
export type { CatalogueDependencies } from './dependencies'
export type { Counts } from './import/difference'
export type { Fault } from './import/faults'
export * from './import/import-catalogue'
export { type CatalogueFiles, readFolder } from './import/read-folder'
export { startPublisher } from './publisher'
export { createSessionAnswers, forgettingOnWrite, type SessionAnswers } from './session-answers'

/** A folder to import that fills an empty database: at any hour of any day something in it can be booked. */
export const demoFolder = fileURLToPath(new URL('../demo', import.meta.url))
