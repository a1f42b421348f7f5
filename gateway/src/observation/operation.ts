import { refusals } from '@channelling/http'
import { exposed, METRICS_PATH } from '@channelling/metrics'
import type { Registry } from 'prom-client'
import { answer, operation, type ServiceDocument } from '../documents'

const exposition = {
  description: 'What was counted and measured since the process began, in the text format of Prometheus',
  content: { 'text/plain': { schema: { type: 'string' } } },
}

/** What the merged document says of the metrics. */
const metricsOperation = operation('GET', METRICS_PATH, {
  operationId: 'readMetrics',
  summary: 'Read what was counted and measured',
  description:
    'Requests by route, status and service, refusals by reason, requests by the id of the key, the booking engine, events, sockets, the database and the process. No label holds anything of a request.',
  tags: ['Operations'],
  security: [{ Finance: [] }, { Bearer: [] }],
  'x-scope': 'admin',
  responses: {
    '200': exposition,
    ...Object.fromEntries(Object.entries(refusals()).map(([status, schema]) => [status, answer(schema)])),
  },
})

/** The metrics as one more service behind the front door, so that they take a key like everything else. */
export const metricsDocument = (registry: Registry): ServiceDocument => ({
  service: { name: 'gateway', send: () => exposed(registry) },
  about: 'What the server counts and measures of itself, for those who run it',
  operations: [metricsOperation],
})
