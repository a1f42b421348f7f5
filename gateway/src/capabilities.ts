import { envelope, refusals, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { answer, type Operation, operation } from './documents'

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

/** Operations, and whether what stands behind them can answer. */
export interface Offer {
  operations: readonly Operation[]
  ready: () => Promise<boolean>
}

/** One resource a path: what may be done there, with which scopes. */
async function resourcesOf({ operations, ready }: Offer, contextRoot: string): Promise<z.infer<typeof resource>[]> {
  const status = (await ready()) ? 'available' : 'unavailable'
  return [...Map.groupBy(operations, ({ template }) => template)].map(([template, among]) => ({
    name: among[0]!.tag,
    path: `${contextRoot}${template}`,
    description: among.map(({ summary }) => summary).join('; '),
    operations: among.map(({ method }) => method),
    authentication: authenticationOf(among),
    status,
  }))
}

function authenticationOf(operations: Operation[]): string {
  const scopes = [...new Set(operations.flatMap(({ scope }) => scope ?? []))]
  return scopes.length === 0 ? 'none' : `Finance key with ${scopes.join(', ')}`
}

export interface CapabilitiesOptions {
  /** What is known of the services at present. */
  offers: () => readonly Offer[]
  /** `''`, or `/channelling`. */
  contextRoot: string
  version: string
}

/** `GET /api/capabilities`: what this deployment offers, asked of the services as they run. */
export const capabilities = ({ offers, contextRoot, version }: CapabilitiesOptions) =>
  new Elysia().get(
    '/api/capabilities',
    async () =>
      success({
        name: 'Channelling API',
        version,
        description: 'Book consultants’ sessions at a hospital',
        authentication: 'A key in the Finance header, or as a bearer token',
        contact: 'The administrator of this hospital system, who issues the keys',
        termsOfUse: 'As agreed with the hospital when the key was issued',
        resources: (await Promise.all(offers().map((offer) => resourcesOf(offer, contextRoot)))).flat(),
      }),
    { detail: { hide: true } },
  )

/** What the merged document says of it. */
export const capabilitiesOperation = operation('GET', '/api/capabilities', {
  operationId: 'readCapabilities',
  summary: 'Discover what this deployment offers',
  description:
    'Every path, from the host on, with its methods, the scopes they take, and whether what stands behind it can answer now.',
  tags: ['Discovery'],
  security: [],
  responses: { '200': answer(envelope(statement), 'Done'), '405': answer(refusals()[405]!) },
})
