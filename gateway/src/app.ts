import type { Instant } from '@channelling/contract'
import { type Log, refusalOf, refuse } from '@channelling/http'
import { type Feed, socketLimits, sockets } from '@channelling/notifications'
import { bearer } from '@elysiajs/bearer'
import { Elysia } from 'elysia'
import type { Authenticate } from './authentication'
import { capabilities, capabilitiesDocument } from './capabilities'
import { createDirectory } from './directory'
import { docs } from './docs'
import { readDocument } from './documents'
import { createFront } from './front'
import { health, healthDocument } from './health'
import { mergeDocuments } from './openapi'
import type { RateLimiter } from './rate-limit'
import type { AdmitSubscriber } from './subscribers'
import type { Service } from './upstream'

export const VERSION = '1.0.0'

export interface GatewayDependencies {
  services: readonly Service[]
  /** `''`, or `/channelling`: prefixes every path. */
  contextRoot: string
  authenticate: Authenticate
  admitSubscriber: AdmitSubscriber
  feed: Feed
  rateLimiter: RateLimiter
  secret: string
  clock: () => Instant
  log: Log
}

/** The one address that integrators know. It learns its routes from the services' own documents. */
export async function createGateway(dependencies: GatewayDependencies) {
  const { services, contextRoot, admitSubscriber, feed, log } = dependencies
  const documents = await Promise.all(services.map(readDocument))
  const directory = createDirectory(documents)
  const front = createFront({ ...dependencies, directory })
  const own = { '/api/capabilities': capabilitiesDocument, ...healthDocument }
  const document = mergeDocuments({ documents, contextRoot, version: VERSION, own })

  return new Elysia({ prefix: contextRoot, websocket: socketLimits })
    .onError({ as: 'global' }, ({ error }) => {
      const requestId = crypto.randomUUID()
      return refuse(refusalOf(error, log, requestId), requestId)
    })
    .use(bearer())
    .use(health(services))
    .use(capabilities({ documents, version: VERSION, socketPath: '/ws/notify' }))
    .use(docs({ contextRoot, document }))
    .use(sockets({ feed, admit: admitSubscriber, log }))
    .all(
      '/*',
      ({ request, bearer, server }) =>
        front({ request, bearer, origin: () => server?.requestIP(request)?.address ?? 'unknown' }),
      { parse: 'none', detail: { hide: true } },
    )
}
