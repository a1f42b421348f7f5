import { identityOf, kit } from '@channelling/http'
import { readiness } from '@channelling/schema'
import { Elysia } from 'elysia'
import type { AdministrationDependencies, Dependencies } from './dependencies'
import { activateKeyEndpoint } from './endpoints/activate-key'
import { changeClientEndpoint } from './endpoints/change-client'
import { createClientEndpoint } from './endpoints/create-client'
import { deactivateKeyEndpoint } from './endpoints/deactivate-key'
import { disableClientEndpoint } from './endpoints/disable-client'
import { enableClientEndpoint } from './endpoints/enable-client'
import { issueKeyEndpoint } from './endpoints/issue-key'
import { listClientsEndpoint } from './endpoints/list-clients'
import { listKeysEndpoint } from './endpoints/list-keys'
import { readAuditEndpoint } from './endpoints/read-audit'
import { readClientEndpoint } from './endpoints/read-client'
import { readKeyEndpoint } from './endpoints/read-key'
import { readKeyUsageEndpoint } from './endpoints/read-key-usage'
import { retireKeyEndpoint } from './endpoints/retire-key'
import { rotateKeyEndpoint } from './endpoints/rotate-key'

/** Administration: API clients, their keys, and the audit of what was done to them. */
export function createAdministration({ secret, log, ...given }: AdministrationDependencies) {
  const dependencies: Dependencies = { ...given, identity: identityOf(secret) }
  return new Elysia({ name: 'administration' })
    .use(
      kit({
        name: 'administration',
        about: 'Registers API clients and issues, rotates and retires their keys',
        log,
        ready: readiness(given.database),
      }),
    )
    .use(createClientEndpoint(dependencies))
    .use(listClientsEndpoint(dependencies))
    .use(readClientEndpoint(dependencies))
    .use(changeClientEndpoint(dependencies))
    .use(disableClientEndpoint(dependencies))
    .use(enableClientEndpoint(dependencies))
    .use(issueKeyEndpoint(dependencies))
    .use(listKeysEndpoint(dependencies))
    .use(readKeyEndpoint(dependencies))
    .use(readKeyUsageEndpoint(dependencies))
    .use(activateKeyEndpoint(dependencies))
    .use(deactivateKeyEndpoint(dependencies))
    .use(retireKeyEndpoint(dependencies))
    .use(rotateKeyEndpoint(dependencies))
    .use(readAuditEndpoint(dependencies))
}
