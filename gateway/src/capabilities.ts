import { envelope, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Operation, ServiceDocument } from './documents'
import { isReady } from './health'

const resource = z.object({
  name: z.string(),
  path: z.string(),
  description: z.string(),
  operations: z.array(z.string()),
  authentication: z.string(),
  status: z.enum(['available', 'unavailable']),
})

const statement = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  authentication: z.string(),
  contact: z.string(),
  termsOfUse: z.string(),
  resources: z.array(resource),
})

/** One resource a path: what may be done there, with which scopes. */
const resourcesOf = (document: ServiceDocument, ready: boolean): z.infer<typeof resource>[] =>
  [...Map.groupBy(document.operations, ({ template }) => template)].map(([path, operations]) => ({
    name: operations[0]!.tag || document.service.name,
    path,
    description: operations.map(({ summary }) => summary).join('; '),
    operations: operations.map(({ method }) => method),
    authentication: `Finance key with ${[...new Set(operations.map(scopeOf))].join(', ')}`,
    status: ready ? 'available' : 'unavailable',
  }))

const scopeOf = ({ scope }: Operation) => String(scope)

export interface CapabilitiesOptions {
  documents: readonly ServiceDocument[]
  version: string
  /** How the socket is reached. */
  socketPath: string
}

/** `GET /api/capabilities`: what this deployment offers, asked of the services as they run. */
export const capabilities = ({ documents, version, socketPath }: CapabilitiesOptions) =>
  new Elysia().get(
    '/api/capabilities',
    async () => {
      const listed = await Promise.all(
        documents.map(async (document) => resourcesOf(document, await isReady(document.service))),
      )
      const notifications = documents.find(({ service }) => service.name === 'notifications')
      const socket = {
        name: 'Live notifications',
        path: socketPath,
        description: 'A WebSocket that says which sessions had bookings completed or cancelled',
        operations: ['GET'],
        authentication: 'Finance key with notifications:read, or access_token with a ticket',
        status:
          notifications && (await isReady(notifications.service)) ? ('available' as const) : ('unavailable' as const),
      }
      return success({
        name: 'Channelling API',
        version,
        description: 'Book consultants’ sessions at a hospital',
        authentication: 'A key in the Finance header, or as a bearer token',
        contact: 'The administrator of this hospital system, who issues the keys',
        termsOfUse: 'As agreed with the hospital when the key was issued',
        resources: [...listed.flat(), socket],
      })
    },
    { detail: { hide: true } },
  )

/** What the merged document says of it. */
export const capabilitiesDocument = {
  get: {
    operationId: 'readCapabilities',
    summary: 'Discover what this deployment offers',
    tags: ['Discovery'],
    security: [],
    responses: {
      '200': { description: 'Done', content: { 'application/json': { schema: envelope(statement) } } },
    },
  },
}
