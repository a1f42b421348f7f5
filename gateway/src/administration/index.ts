export { COMMAND_LINE, NOBODY_ID, ORIGIN_HEADER } from './act'
export { createAdministration } from './app'
export type { AdministrationDependencies } from './dependencies'
