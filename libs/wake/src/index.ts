export type { Connection } from './connection'
export { createWake, hintingOnWrite, type Wake } from './wake'
