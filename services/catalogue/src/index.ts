export { createCatalogue } from './app'
export type { CatalogueDependencies } from './dependencies'
