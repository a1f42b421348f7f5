import { readSettings } from '@channelling/settings'

/** Exits with 0 when the server of this environment, on this machine, says that it is ready: the health check of a container. */
const { HOST, PORT, CONTEXT_ROOT, TLS_CERT } = readSettings(process.env)
const host = ['0.0.0.0', '::'].includes(HOST) ? '127.0.0.1' : HOST
const url = `${TLS_CERT ? 'https' : 'http'}://${host}:${PORT}${CONTEXT_ROOT}/health/ready`

const answer = await fetch(url, {
  signal: AbortSignal.timeout(4_000),
  // its certificate is for the name that others know
  tls: { rejectUnauthorized: false },
}).catch(() => undefined)
const text = await answer?.text().catch(() => undefined)
process.stdout.write(`${text ?? 'No answer'}\n`)
process.exit(answer?.ok ? 0 : 1)
