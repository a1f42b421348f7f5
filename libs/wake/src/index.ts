export type { Connection } from './connection'
export { type EventStream, openEventStream, type StreamMessage } from './event-stream'
export { createWake, hintingOnWrite, type Wake } from './wake'
