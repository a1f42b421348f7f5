/** How far somebody has read: the name of the stream, and the last `seq` that is behind them. */
export interface Position {
  epoch: string
  seq: number
}

/** What the stream says of itself. */
export interface StreamState {
  epoch: string
  /** From here on every event is kept. */
  lowest: number
  /** The last `seq` committed; 0 before anything happened. */
  last: number
}

const written = /^([\w-]{1,64}):(0|[1-9]\d{0,15})$/

/** `<epoch>:<seq>`, or null for what cannot be a position. */
export function readPosition(text: string): Position | null {
  const [, epoch, digits] = written.exec(text) ?? []
  const seq = Number(digits)
  return epoch && Number.isSafeInteger(seq) ? { epoch, seq } : null
}

export const writePosition = ({ epoch, seq }: Position): string => `${epoch}:${seq}`

/** Whether everything after a position can still be told: it is of this stream, no further than it, and nothing after it was cleared. */
export const isUsable = ({ epoch, seq }: Position, state: StreamState): boolean =>
  epoch === state.epoch && seq <= state.last && seq >= state.lowest - 1
