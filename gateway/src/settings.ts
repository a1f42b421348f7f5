import { isWellFormed } from '@channelling/access'
import { readSettings, type Settings } from '@channelling/settings'
import { certificateFault, keyFault } from './tls'

const keyFormFault = (key: string): string | undefined =>
  isWellFormed(key) ? undefined : 'must be a whole key: chk_live_ and 36 characters, the last six its checksum'

/**
 * The settings of a gateway, the only one to use its key and files: others may have the same environment and not be let read them.
 * @throws SettingsFault naming every fault
 */
export const readGatewaySettings = (environment: Record<string, string | undefined>): Settings =>
  readSettings(environment, { BOOTSTRAP_KEY: keyFormFault, TLS_CERT: certificateFault, TLS_KEY: keyFault })
