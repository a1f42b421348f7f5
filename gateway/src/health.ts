import { Refusal } from '@channelling/contract'
import { envelope, READY_PATH, refusals, refuse, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { answer, operation } from './documents'
import type { Service } from './upstream'

export interface HealthOptions {
  services: readonly Service[]
  /** Whether what the gateway itself stands on can answer, by name. */
  ready: () => Promise<Record<string, boolean>>
  /** What the gateway does without, for the moment, at a cost: by name. */
  degraded: () => string[]
  /** What a refusal calls the request. */
  requestIdOf: (request: Request) => string
}

/** `GET /health/live`: the process answers. `GET /health/ready`: so does everything it depends on. */
export const health = ({ services, ready, degraded, requestIdOf }: HealthOptions) =>
  new Elysia()
    .get('/health/live', () => success({ status: 'live' }), { detail: { hide: true } })
    .get(
      '/health/ready',
      async ({ request }) => {
        const [own, ...others] = await Promise.all([
          ready(),
          ...services.map(async (service) => [service.name, await isReady(service)] as const),
        ])
        const checks = [...Object.entries(own), ...others]
        if (checks.every(([, ready]) => ready)) {
          return success({ status: 'ready', checks: Object.fromEntries(checks), degraded: degraded() })
        }
        const down = checks.filter(([, ready]) => !ready).map(([name]) => name)
        return refuse(new Refusal('service_unavailable', `Not ready: ${down.join(', ')}`), requestIdOf(request))
      },
      { detail: { hide: true } },
    )

/** Whether a service says that it can answer. */
export const isReady = async (service: Service): Promise<boolean> => {
  const answer = await service.send({ target: READY_PATH }).catch(() => undefined)
  return answer?.ok === true
}

const live = z.object({ status: z.literal('live') })
const readiness = z.object({
  status: z.literal('ready'),
  checks: z.record(z.string(), z.boolean()),
  degraded: z.array(z.string()),
})

/** What the merged document says of it. */
export const healthOperations = [
  operation('GET', '/health/live', {
    operationId: 'readLiveness',
    summary: 'Whether the process answers',
    tags: ['Discovery'],
    security: [],
    responses: { '200': answer(envelope(live), 'It does') },
  }),
  operation('GET', '/health/ready', {
    operationId: 'readReadiness',
    summary: 'Whether every service, and the database, can do its work',
    tags: ['Discovery'],
    security: [],
    responses: {
      '200': answer(envelope(readiness), 'They can'),
      '503': answer(refusals()[503]!, 'At least one cannot; the message names it'),
    },
  }),
]
