import { Refusal } from '@channelling/contract'
import { failure, success } from '@channelling/http'
import { Elysia } from 'elysia'
import { INTERNAL_ORIGIN, type Service } from './upstream'

/** `GET /health/live`: the process answers. `GET /health/ready`: so does everything it depends on. */
export const health = (services: readonly Service[]) =>
  new Elysia()
    .get('/health/live', () => success({ status: 'live' }), { detail: { hide: true } })
    .get(
      '/health/ready',
      async ({ set }) => {
        const checks = await Promise.all(
          services.map(async (service) => [service.name, await isReady(service)] as const),
        )
        if (checks.every(([, ready]) => ready)) {
          return success({ status: 'ready', checks: Object.fromEntries(checks) })
        }
        set.status = 503
        const down = checks.filter(([, ready]) => !ready).map(([name]) => name)
        return failure(new Refusal('service_unavailable', `Not ready: ${down.join(', ')}`), crypto.randomUUID())
      },
      { detail: { hide: true } },
    )

/** Whether a service says that it can answer. */
export const isReady = async (service: Service): Promise<boolean> => {
  const answer = await service.send(new Request(`${INTERNAL_ORIGIN}/health/ready`)).catch(() => undefined)
  return answer?.ok === true
}

const state = (ready: string) => ({
  summary: ready,
  tags: ['Discovery'],
  security: [],
})

const answered = (description: string) => ({
  description,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { status: { type: 'string' }, code: { type: 'integer' }, data: { type: 'object' } },
        required: ['status', 'code'],
      },
    },
  },
})

/** What the merged document says of it. */
export const healthDocument = {
  '/health/live': {
    get: {
      operationId: 'readLiveness',
      ...state('Whether the process answers'),
      responses: { '200': answered('It does') },
    },
  },
  '/health/ready': {
    get: {
      operationId: 'readReadiness',
      ...state('Whether every service can answer'),
      responses: { '200': answered('They can'), '503': answered('At least one cannot') },
    },
  },
}
