import { freePorts } from '../../gateway/src/supervision/free-ports'

export { claim } from '../../gateway/src/supervision/free-ports'

/** A port that nothing listens on now, and that is given once, for a process that cannot choose one by itself. */
export const freePort = () => freePorts(1)[0]!
