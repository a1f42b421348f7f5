import { type Log, pathOf, refusalOf, refuse, spellShortHost } from '@channelling/http'
import { socketLimits } from '@channelling/notifications'
import { type AnyElysia, Elysia } from 'elysia'
import type { Authenticate } from './authentication'
import { capabilities, capabilitiesOperation } from './capabilities'
import { createDirectory } from './directory'
import { docs } from './docs'
import { type Answer, createDoor } from './door'
import { createFront } from './front'
import { createReadyCheck, health, healthOperations } from './health'
import { learn } from './learning'
import type { Leaving } from './leaving'
import type { RateLimiter } from './limits/rate-limit'
import type { Waiting } from './limits/waiting'
import { createOwn, type Metrics, metricsDocument, type Observer, type SeenOf } from './observation'
import { mergeDocuments } from './openapi'
import type { OriginOf } from './origin'
import { socketOperation } from './sockets'
import type { Service } from './upstream'

export const VERSION = '1.0.0'

const discovery = [capabilitiesOperation, ...healthOperations]

export interface GatewayDependencies {
  services: readonly Service[]
  /** `''`, or `/channelling`: prefixes every path. */
  contextRoot: string
  authenticate: Authenticate
  /** The socket, fed by this process or connected through to another. */
  socket: (seenOf: SeenOf) => AnyElysia
  /** Whether what the gateway itself stands on can answer, by name. */
  ready: () => Promise<Record<string, boolean>>
  /** What it does without, for the moment, at a cost: by name. */
  degraded: () => string[]
  rateLimiter: RateLimiter
  waiting: Waiting
  originOf: OriginOf
  /** Of the web pages that may call from a browser: `https://app.example.org`, or `*`. */
  corsOrigins: readonly string[]
  leaving: Leaving
  observer: Observer
  metrics: Metrics
  log: Log
}

/** The one address that integrators know. It learns its routes from the services' own documents. */
export async function createGateway(dependencies: GatewayDependencies) {
  const { services, contextRoot, socket, originOf, observer, metrics, log } = dependencies
  const ofMetrics = metricsDocument(metrics.registry)
  const isReady = createReadyCheck()
  const known = await learn(
    services,
    ({ documents, complete }) => {
      const offers = [
        { about: 'What there is, and whether it runs', operations: discovery, ready: async () => true },
        ...documents.map((document) => ({ ...document, ready: () => isReady(document.service) })),
        // the socket stands beside the services: it belongs to whoever listens, and is fed by what is in the database
        { about: '', operations: [socketOperation], ready: async () => true },
        { ...ofMetrics, ready: async () => true },
      ]
      const document = mergeDocuments({ groups: offers, contextRoot, version: VERSION })
      const directory = createDirectory([...documents, ofMetrics], complete)
      return { directory, offers, complete, document: new Blob([JSON.stringify(document)]) }
    },
    log,
  )
  const { observed, requestIdOf, seenOf } = createOwn(observer, contextRoot)
  // a service that answers but has not told its paths is not reached yet
  const degraded = () => [...dependencies.degraded(), ...(known().complete ? [] : ['paths'])]
  const own = new Elysia()
    .use(observed)
    .use(health({ services, isReady, ready: dependencies.ready, degraded, requestIdOf }))
    .use(capabilities({ offers: () => known().offers, contextRoot, version: VERSION }))
    .use(docs({ contextRoot, document: () => known().document }))
    .use(socket(seenOf))

  const gateway = new Elysia({ prefix: contextRoot, websocket: socketLimits })
    .onError({ as: 'global' }, ({ error, request }) => {
      const requestId = requestIdOf(request)
      return refuse(refusalOf(error, log, requestId), requestId)
    })
    .use(own)
  const ownPaths = new Set(gateway.routes.map(({ path }) => path))
  const isOwn = (path: string) => ownPaths.has(path) || (path.endsWith('/') && ownPaths.has(path.slice(0, -1)))
  const front = createFront({
    ...dependencies,
    directory: () => known().directory,
    isOwn,
    addressOf: (request) => originOf(request.headers, gateway.server?.requestIP(request)?.address ?? 'unknown'),
  })
  const door = createDoor(dependencies)
  // services are reached without a handler of Elysia's, which would cost as much again as all that is done for them here
  return gateway.wrap((handle, request) => {
    if (!isOwn(pathOf(request.url)) || !isReading(request.method)) return (request: Request) => door(request, front)
    // typed as if it returned a function
    const own = handle as unknown as Answer
    return (request: Request) => door(spellShortHost(request), own)
  })
}

const isReading = (method: string) => method === 'GET' || method === 'HEAD'
