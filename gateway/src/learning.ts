import type { Log } from '@channelling/http'
import { readDocument, type ServiceDocument } from './documents'
import type { Service } from './upstream'

/** How long the start waits for what services elsewhere say of themselves. */
const START_WAITS_MS = 3_000
const AGAIN_MS = 500

/** What the services said of themselves. */
export interface Said {
  documents: readonly ServiceDocument[]
  /** Whether all have spoken: until then nobody knows which paths there are not. */
  complete: boolean
}

/**
 * Asks every service what it does. One in this process answers or the start fails; one elsewhere may be away, and is asked again
 * until it answers: the gateway serves the others meanwhile.
 * @param build what is made of it, made anew whenever one more has spoken
 * @returns what is known now
 */
export async function learn<Known>(
  services: readonly Service[],
  build: (said: Said) => Known,
  log: Log,
): Promise<() => Known> {
  const said = new Map<Service, ServiceDocument>()
  const known = () =>
    build({
      // in the order of the services, whoever spoke first
      documents: services.flatMap((service) => said.get(service) ?? []),
      complete: said.size === services.length,
    })
  let current: Known | undefined

  async function ask(service: Service): Promise<void> {
    try {
      said.set(service, await readDocument(service))
    } catch (error) {
      if (!service.elsewhere) throw error
      setTimeout(() => void ask(service), AGAIN_MS).unref()
      return
    }
    if (current === undefined) return
    current = known()
    log.info({ address: service.name }, 'a service has told its paths')
  }

  const first = Promise.all(services.map(ask))
  await (services.some(({ elsewhere }) => elsewhere) ? Promise.race([first, Bun.sleep(START_WAITS_MS)]) : first)
  for (const service of services) {
    if (said.has(service)) continue
    log.warn({ address: service.name }, 'a service has not told its paths yet; they answer 503 until it does')
  }
  current = known()
  return () => current!
}
