import { Refusal } from '@channelling/contract'
import { envelope, READY_PATH, refusals, refuse, success } from '@channelling/http'
import { oneAtATime, within } from '@channelling/schema'
import { Elysia } from 'elysia'
import { z } from 'zod'
import { answer, operation } from './documents'
import type { Service } from './upstream'

/** A service that has not said by then that it is ready is not: less than what any balancer waits for the gateway. */
const READY_MS_MAX = 800

export interface HealthOptions {
  services: readonly Service[]
  isReady: ReadyCheck
  /** Whether what the gateway itself stands on can answer, by name. */
  ready: () => Promise<Record<string, boolean>>
  /** What the gateway does without, for the moment, at a cost: by name. */
  degraded: () => string[]
  /** What a refusal calls the request. */
  requestIdOf: (request: Request) => string
}

/**
 * `GET /health/live`: the process answers. `GET /health/ready`: so does what it stands on, and every service in it. A service elsewhere that is
 * away is told of beside that: the others are served, so nobody should go to another gateway, which would not have it either.
 */
export const health = ({ services, isReady, ready, degraded, requestIdOf }: HealthOptions) =>
  new Elysia()
    .get('/health/live', () => success({ status: 'live' }), { detail: { hide: true } })
    .get(
      '/health/ready',
      async ({ request }) => {
        const [own, ...others] = await Promise.all([
          ready(),
          ...services.map(async (service) => ({ ...service, ready: await isReady(service) })),
        ])
        const checks = { ...own, ...Object.fromEntries(others.map(({ name, ready }) => [name, ready])) }
        const away = others.filter(({ elsewhere, ready }) => elsewhere && !ready).map(({ name }) => name)
        const missing = Object.keys(checks).filter((name) => !checks[name] && !away.includes(name))
        if (missing.length === 0) return success({ status: 'ready', checks, degraded: [...degraded(), ...away] })
        return refuse(new Refusal('service_unavailable', `Not ready: ${missing.join(', ')}`), requestIdOf(request))
      },
      { detail: { hide: true } },
    )

export type ReadyCheck = (service: Service) => Promise<boolean>

/**
 * Finds out whether a service says, and soon, that it can answer. It is asked once at a time, whoever wants to know: they need no key, and would
 * take the turns of those who have one.
 */
export function createReadyCheck(): ReadyCheck {
  const questions = new Map<Service, () => Promise<boolean>>()

  function questionTo(service: Service): () => Promise<boolean> {
    const question = oneAtATime(async () => {
      const answer = await service.send({ target: READY_PATH }).catch(() => undefined)
      return answer?.ok === true
    })
    questions.set(service, question)
    return question
  }

  return (service) => within(READY_MS_MAX, (questions.get(service) ?? questionTo(service))(), false)
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
    responses: { '200': answer(envelope(live), 'It does'), '405': answer(refusals()[405]!) },
  }),
  operation('GET', '/health/ready', {
    operationId: 'readReadiness',
    summary: 'Whether the gateway can do its work, and what it does without',
    tags: ['Discovery'],
    security: [],
    responses: {
      '200': answer(envelope(readiness), 'It can; `degraded` names the services that are away'),
      '405': answer(refusals()[405]!),
      '503': answer(refusals()[503]!, 'It cannot; the message names what is missing'),
    },
  }),
]
