import type { Registry } from 'prom-client'

export const METRICS_PATH = '/metrics'

/** The metrics as text, in the format of Prometheus. */
export const exposed = async (registry: Registry): Promise<Response> =>
  new Response(await registry.metrics(), {
    headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' },
  })
