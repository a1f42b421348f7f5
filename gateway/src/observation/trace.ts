/** Version, trace id, parent id and flags. Later versions may say more after them. */
const WELL_FORMED = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1

export const TRACEPARENT_HEADER = 'traceparent'

/** Where a request belongs in a trace, by W3C Trace Context. */
export interface Trace {
  /** 32 hexadecimal digits. */
  id: string
  /** What services are told: the trace, with a span of ours as their parent. */
  toParent(): string
}

const random = new Uint8Array(8)

function newSpan(): string {
  return crypto.getRandomValues(random).toHex()
}

/**
 * The trace that the caller began, or a new one where its header is none. Nothing of a malformed header is passed on.
 * @param requestId a random UUID: a new trace has its digits, so that either finds the other
 */
export function traceOf(header: string | null, requestId: string): Trace {
  const [, version, id, flags, more] = (header !== null && WELL_FORMED.exec(header)) || []
  if (id === undefined || (version === '00' && more !== undefined)) {
    const fresh = () => requestId.replaceAll('-', '')
    return {
      // nobody asks where no lines are written and the service is in this process
      get id() {
        return fresh()
      },
      toParent: () => `00-${fresh()}-${newSpan()}-00`,
    }
  }
  const sampled = (Number.parseInt(flags!, 16) & SAMPLED) === 1
  return { id, toParent: () => `00-${id}-${newSpan()}-${sampled ? '01' : '00'}` }
}
