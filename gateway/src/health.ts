import { Refusal } from '@channelling/contract'
import { envelope, refusals, refuse, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { answer, operation } from './documents'
import { INTERNAL_ORIGIN, type Service } from './upstream'

/** `GET /health/live`: the process answers. `GET /health/ready`: so does everything it depends on. */
export const health = (services: readonly Service[]) =>
  new Elysia()
    .get('/health/live', () => success({ status: 'live' }), { detail: { hide: true } })
    .get(
      '/health/ready',
      async () => {
        const checks = await Promise.all(
          services.map(async (service) => [service.name, await isReady(service)] as const),
        )
        if (checks.every(([, ready]) => ready)) {
          return success({ status: 'ready', checks: Object.fromEntries(checks) })
        }
        const down = checks.filter(([, ready]) => !ready).map(([name]) => name)
        return refuse(new Refusal('service_unavailable', `Not ready: ${down.join(', ')}`), crypto.randomUUID())
      },
      { detail: { hide: true } },
    )

/** Whether a service says that it can answer. */
export const isReady = async (service: Service): Promise<boolean> => {
  const answer = await service.send(new Request(`${INTERNAL_ORIGIN}/health/ready`)).catch(() => undefined)
  return answer?.ok === true
}

const live = z.object({ status: z.literal('live') })
const ready = z.object({ status: z.literal('ready'), checks: z.record(z.string(), z.boolean()) })

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
    summary: 'Whether every service can answer',
    tags: ['Discovery'],
    security: [],
    responses: {
      '200': answer(envelope(ready), 'They can'),
      '503': answer(refusals()[503]!, 'At least one cannot; the message names it'),
    },
  }),
]
