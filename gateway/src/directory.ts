import { Refusal, type Scope } from '@channelling/contract'
import { Memoirist } from 'memoirist'
import type { ServiceDocument } from './documents'
import type { Service } from './upstream'

/** Where a request goes and what it takes. */
export interface Route {
  service: Service
  /** `/api/channel/sessions/{id}`: what logs and metrics may say of a path. */
  template: string
  scope: Scope
  /** Whether its answer may wait for something to happen, or not end. */
  waits?: boolean
  /** Whether it takes anything in its query, and in a body. */
  takes: { query: boolean; body: boolean }
}

/** Every operation of every service. What is not in it does not exist, so a path is closed until a service opens it. */
export interface Directory {
  /** @throws Refusal `no_such_path`, `method_not_allowed`, `service_unavailable` */
  find(method: string, path: string): Route
  routes: readonly (Route & { method: string })[]
}

const ANY = 'ANY'

/** Parameters by position, since two paths may name the same place differently. */
function pattern(template: string): string {
  let place = 0
  return template.replace(/\{[^}]+\}/g, () => `:p${place++}`)
}

/**
 * Reads the routes out of the services' own documents. An operation that names no scope is left out.
 * @param complete whether all services have said what they do; a path that is not known yet may be there
 */
export function createDirectory(documents: readonly ServiceDocument[], complete = true): Directory {
  const router = new Memoirist<Map<string, Route>>()
  const routes = documents.flatMap(({ service, operations }) =>
    operations.flatMap(({ method, template, scope, waits, takes }) =>
      scope ? [{ method, service, template, scope, waits, takes }] : [],
    ),
  )
  for (const [template, among] of Map.groupBy(routes, (route) => route.template)) {
    router.add(ANY, pattern(template), new Map(among.map((route) => [route.method, route])))
  }

  return {
    routes,
    find(method, path) {
      const methods = router.find(ANY, path)?.store
      if (!methods && !complete) {
        const message = 'A service has yet to say which paths it has'
        throw new Refusal('service_unavailable', message, { retryAfterSeconds: 1 })
      }
      if (!methods) throw new Refusal('no_such_path', 'There is nothing at this path')
      const route = methods.get(method === 'HEAD' ? 'GET' : method)
      if (!route) {
        const allow = [...methods.keys()].sort()
        throw new Refusal('method_not_allowed', `This path takes ${allow.join(', ')}`, { allow })
      }
      return route
    },
  }
}
