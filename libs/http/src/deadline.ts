/** The instant after which the caller of a request is gone, in UTC milliseconds; between gateway and service. */
export const DEADLINE_HEADER = 'x-deadline'

/** How long the caller of a request still waits, below 0 once it is gone; undefined where the request does not say. */
export function msLeftFor({ headers }: Request): number | undefined {
  const deadline = headers.get(DEADLINE_HEADER)
  if (deadline === null) return undefined
  const left = Number(deadline) - Date.now()
  return Number.isNaN(left) ? undefined : left
}
