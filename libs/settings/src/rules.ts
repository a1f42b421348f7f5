import type { Name, Shape } from './shape'

/** What has to hold between settings. */
export interface Rule {
  /** Where one of these is wrong by itself, there is nothing to say. */
  of: readonly Name[]
  fault(given: Shape): { name: Name; message: string } | undefined
}

const services = ['CATALOGUE_URL', 'BOOKINGS_URL', 'PATIENTS_URL', 'NOTIFICATIONS_URL'] as const

const elsewhere = (given: Shape) => services.find((name) => given[name])
const isFile = (url: string | undefined) => url === undefined || url.startsWith('file:')

/** A service in a process of its own has to believe the gateway. */
const secretOfServices: Rule = {
  of: [...services, 'INTERNAL_SECRET'],
  fault(given) {
    const service = elsewhere(given)
    if (!service || given.INTERNAL_SECRET) return
    return {
      name: 'INTERNAL_SECRET',
      message: `must be set beside ${service}, the same for the gateway and the services`,
    }
  },
}

const databaseOfServices: Rule = {
  of: [...services, 'DATABASE_URL'],
  fault(given) {
    const service = elsewhere(given)
    if (!service || !isFile(given.DATABASE_URL)) return
    return {
      name: 'DATABASE_URL',
      message: `must be a libSQL server beside ${service}: a file serves one process alone`,
    }
  },
}

/** A certificate is of no use without its key. */
const bothOfTls: Rule = {
  of: ['TLS_CERT', 'TLS_KEY'],
  fault({ TLS_CERT, TLS_KEY }) {
    if ((TLS_CERT === undefined) === (TLS_KEY === undefined)) return
    const [name, given] =
      TLS_CERT === undefined ? (['TLS_CERT', 'TLS_KEY'] as const) : (['TLS_KEY', 'TLS_CERT'] as const)
    return { name, message: `must be set beside ${given}` }
  },
}

/** A file has no replica. */
const primaryOfReplica: Rule = {
  of: ['DATABASE_READ_URL', 'DATABASE_URL'],
  fault({ DATABASE_READ_URL, DATABASE_URL }) {
    if (!DATABASE_READ_URL || !isFile(DATABASE_URL)) return
    return {
      name: 'DATABASE_READ_URL',
      message: 'must be set with a libSQL server as DATABASE_URL: it is a replica of that one',
    }
  },
}

export const rules: readonly Rule[] = [secretOfServices, databaseOfServices, bothOfTls, primaryOfReplica]

/** Of a service that runs alone. */
export const secretOfService: Rule = {
  of: ['INTERNAL_SECRET'],
  fault({ INTERNAL_SECRET }) {
    if (INTERNAL_SECRET) return
    return { name: 'INTERNAL_SECRET', message: 'must be set, the same for the gateway and the services' }
  },
}
