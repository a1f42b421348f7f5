/** How far a subscriber has come: the stream of one outbox, and the last `seq` of it. */
export interface Position {
  epoch: string
  seq: number
}

/** As it goes into `from=`, and as callers keep it: `<epoch>:<seq>`. */
export const written = ({ epoch, seq }: Position): string => `${epoch}:${seq}`

/**
 * Reads what `written` wrote.
 * @throws TypeError
 */
export function readPosition(text: string): Position {
  const read = /^(.+):(\d{1,16})$/.exec(text)
  const seq = Number(read?.[2])
  if (!read || !Number.isSafeInteger(seq)) throw new TypeError('A position reads <epoch>:<seq>, as position() gave it')
  return { epoch: read[1]!, seq }
}
