import type { ChannellingEvent } from './events'

export type Frame =
  | { kind: 'hello' | 'recovered' | 'resync'; epoch: string; seq: number }
  | { kind: 'heartbeat'; seq: number }
  | { kind: 'event'; event: ChannellingEvent }

/** What came is not of the protocol, so nothing after it can be trusted to be whole. */
export class UnreadableFrame extends Error {
  override readonly name = 'UnreadableFrame'
}

/**
 * Reads a frame. Null is one of a kind that is not known here, which a newer server may send.
 * @throws UnreadableFrame
 */
export function readFrame(data: unknown): Frame | null {
  const frame = parsed(data)
  const { type, epoch, seq } = frame
  switch (type) {
    case 'hello':
    case 'recovered':
    case 'resync':
      if (typeof epoch !== 'string' || epoch === '' || !isSeq(seq))
        throw new UnreadableFrame(`A ${type} without its place`)
      return { kind: type, epoch, seq }
    case 'heartbeat':
      if (!isSeq(seq)) throw new UnreadableFrame('A heartbeat without its place')
      return { kind: type, seq }
  }
  if (typeof type !== 'string') throw new UnreadableFrame('A frame without a type')
  if (seq === undefined) return null
  if (!isSeq(seq)) throw new UnreadableFrame('An event without its place')
  return { kind: 'event', event: frame as unknown as ChannellingEvent }
}

const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function parsed(data: unknown): Record<string, unknown> {
  if (typeof data !== 'string') throw new UnreadableFrame('A frame that is not text')
  let frame: unknown
  try {
    frame = JSON.parse(data)
  } catch {
    throw new UnreadableFrame('A frame that is not JSON')
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    throw new UnreadableFrame('A frame that is not an object')
  }
  return frame as Record<string, unknown>
}
