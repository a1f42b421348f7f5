import { readSettings } from '@channelling/settings'
import { ownAddress } from '../own-address'

/** Exits with 0 when the server of this environment, on this machine, says that it is ready: the health check of a container. */
const settings = readSettings(process.env)
const url = `${ownAddress(settings, settings.PORT)}/health/ready`

const answer = await fetch(url, {
  signal: AbortSignal.timeout(4_000),
  // its certificate is for the name that others know
  tls: { rejectUnauthorized: false },
}).catch(() => undefined)
const text = await answer?.text().catch(() => undefined)
process.stdout.write(`${text ?? 'No answer'}\n`)
process.exit(answer?.ok ? 0 : 1)
