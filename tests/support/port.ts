import { freePorts } from '../../gateway/src/supervision/free-ports'

export { isFree } from '../../gateway/src/supervision/free-ports'

const given = new Set<number>()

/** A port that nothing listens on now, and that is given once, for a process that cannot choose one by itself. */
export function freePort(): number {
  for (;;) {
    const [port] = freePorts(1)
    if (given.has(port!)) continue
    given.add(port!)
    return port!
  }
}
