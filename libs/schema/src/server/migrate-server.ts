import { Refusal } from '@channelling/contract'
import { told } from '../faults'
import { applyMigrations } from '../migrate'
import { serverClient } from './client'
import { pauseBetween, type WaitedFor, waitedForBy } from './waiting'
import { beginToCount } from './written'

/** How often the schema is brought up to date: of several processes that start together one does it, and the others find it done. */
const ATTEMPTS_MAX = 5

/**
 * Brings the database of a server to the present schema, once, however many processes begin to at the same time.
 * @param onWaiting called once for each thing that has to be waited for; without it that is a fault
 */
export async function migrateServer(
  url: string,
  authToken: string | undefined,
  onWaiting?: (what: WaitedFor) => void,
): Promise<void> {
  const said = new Set<WaitedFor>()
  const client = serverClient(url, authToken, { concurrency: 1 })
  try {
    for (let attempt = 1; ; ) {
      try {
        await applyMigrations(client)
        return await beginToCount(client)
      } catch (error) {
        requireAdmitted(error)
        const waitedFor = waitedForBy(error, 'another process brings the database to the present schema')
        if (waitedFor && onWaiting) {
          if (!said.has(waitedFor)) onWaiting(waitedFor)
          said.add(waitedFor)
        } else if (attempt++ === ATTEMPTS_MAX) throw told(error)
        await pauseBetween()
      }
    }
  } finally {
    client.close()
  }
}

/** A server that answers, and will not have us, is not waited for. */
function requireAdmitted(error: unknown): void {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { status } = at as { status?: unknown }
    if (status === 401 || status === 403) {
      throw new Refusal(
        'service_unavailable',
        'The database server does not admit this process: set DATABASE_AUTH_TOKEN',
      )
    }
  }
}
