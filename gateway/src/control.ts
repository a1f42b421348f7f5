import { rmSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { CatalogueFiles, Imported, ImportOptions } from '@channelling/catalogue'
import { type Caller, Refusal, scopes } from '@channelling/contract'
import {
  closeGracefully,
  described,
  IDENTITY_HEADER,
  type Log,
  pathOf,
  REQUEST_ID_HEADER,
  refusalOf,
  refuse,
  StartFault,
  signIdentity,
} from '@channelling/http'
import { type BackedUp, BackupFault } from '@channelling/schema'
import { z } from 'zod'
import { COMMAND_LINE, NOBODY_ID, ORIGIN_HEADER } from './administration'

type Fetch = (request: Request) => Response | Promise<Response>

export interface ControlOptions {
  administration: { fetch: Fetch }
  importCatalogue: (files: CatalogueFiles, options: ImportOptions) => Promise<Imported>
  /** Writes a backup into a new file, by its absolute path. */
  backUp: (to: string) => Promise<BackedUp>
  /** In which the administration reads and tells times. */
  timeZone: string
  /** By which the administration knows who was let in. */
  secret: string
  log: Log
}

/** One line of the answer to an import; the last one is a report, faults or an error. */
export type ImportLine =
  | { progress: string }
  | { report: Extract<Imported, { ok: true }>['report'] }
  | { faults: Extract<Imported, { ok: false }>['faults'] }
  | { error: string }

const importRequest = z.strictObject({
  files: z.strictObject({
    hospitals: z.string(),
    specialities: z.string(),
    consultants: z.string(),
    schedules: z.string(),
  }),
})

const backupRequest = z.strictObject({ to: z.string().refine(isAbsolute) })

/** Whoever can open the socket may do everything, and is no client. */
const administrator: Caller = { clientId: NOBODY_ID, keyId: NOBODY_ID, access: 'all', scopes }

/**
 * What the command line may ask of a server: `GET /` whether it is there, and its `timeZone`; everything under `/api/admin/`, and `POST /import`
 * with `{ files: { hospitals, specialities, consultants, schedules } }`, answered by a line of JSON for each step, and `POST /backup`
 * with `{ to }`, answered once the file is whole.
 */
export function createControl({ administration, importCatalogue, backUp, timeZone, secret, log }: ControlOptions): {
  fetch: Fetch
} {
  async function administer(request: Request, path: string, requestId: string): Promise<Response> {
    const { method, url } = request
    const headers: Record<string, string> = {
      [IDENTITY_HEADER]: signIdentity(secret, administrator, { method, path }, Date.now()),
      [ORIGIN_HEADER]: COMMAND_LINE,
      [REQUEST_ID_HEADER]: requestId,
    }
    const type = request.headers.get('content-type')
    if (type) headers['content-type'] = type
    const body = method === 'GET' ? undefined : await request.text()
    return administration.fetch(new Request(url, { method, headers, body: body || undefined }))
  }

  async function startImport(request: Request): Promise<Response> {
    const asked = importRequest.safeParse(await request.json().catch(() => null))
    if (!asked.success) throw new Refusal('invalid_request', 'An import is { files } with the text of the four files')
    return linesOf(async (say) => {
      try {
        const done = await importCatalogue(asked.data.files, { onProgress: (progress) => say({ progress }) })
        say(done.ok ? { report: done.report } : { faults: done.faults })
      } catch (error) {
        say({ error: refusalOf(error, log, '').message })
      }
    })
  }

  async function makeBackup(request: Request): Promise<Response> {
    const asked = backupRequest.safeParse(await request.json().catch(() => null))
    if (!asked.success) throw new Refusal('invalid_request', 'A backup is { to }, an absolute path')
    try {
      const data = await backUp(asked.data.to)
      log.info({ bytes: data.bytes, durationMs: data.tookMs }, 'the data was backed up')
      return Response.json({ status: 'success', code: 200, data })
    } catch (error) {
      if (!(error instanceof BackupFault)) throw error
      log.warn('a backup was not made')
      throw new Refusal('invalid_request', error.message)
    }
  }

  const present = () => Response.json({ status: 'success', code: 200, data: { timeZone } })

  return {
    async fetch(request) {
      const requestId = crypto.randomUUID()
      try {
        const path = pathOf(request.url)
        if (path.startsWith('/api/admin/')) return await administer(request, path, requestId)
        if (path === '/import' && request.method === 'POST') return await startImport(request)
        if (path === '/backup' && request.method === 'POST') return await makeBackup(request)
        if (path === '/' && request.method === 'GET') return present()
        throw new Refusal('no_such_path', 'There is nothing at this path')
      } catch (error) {
        return refuse(refusalOf(error, log, requestId), requestId)
      }
    },
  }
}

/** A response that is written line by line; nobody listening any more does not stop the work. */
function linesOf(work: (say: (line: ImportLine) => void) => Promise<void>): Response {
  let listening = true
  const lines = new ReadableStream<Uint8Array>({
    async start(stream) {
      const say = (line: ImportLine) => {
        if (listening) stream.enqueue(new TextEncoder().encode(`${JSON.stringify(line)}\n`))
      }
      await work(say)
      if (listening) stream.close()
    },
    cancel() {
      listening = false
    },
  })
  return new Response(lines, { headers: { 'content-type': 'application/x-ndjson' } })
}

/** Where the control socket of a data folder is. */
export const controlPath = (dataDir: string): string => join(resolve(dataDir), 'control.sock')

/** What a Unix socket's path may have; on Linux Bun reaches longer ones by a detour of its own. */
const PATH_BYTES_MAX = 103

/** An import or a backup is silent while it writes, for longer than a request may usually be; Bun's types know this of ports alone. */
const unlimited = { idleTimeout: 0 } as object

/** The files of a catalogue come in one request. */
const BODY_BYTES_MAX = 1024 ** 3

/**
 * Listens on the control socket of the data folder that this process has locked; one that a killed server left is replaced.
 * Only the user who runs the server can open it, from its first moment on.
 * @throws StartFault where the path is too long for the system
 */
export function openControl({ path, app, log }: { path: string; app: { fetch: Fetch }; log: Log }): {
  close(): Promise<void>
} {
  if (process.platform !== 'linux' && Buffer.byteLength(path) > PATH_BYTES_MAX) {
    throw new StartFault(`The path ${path} is too long for a socket: set DATA_DIR to a shorter one`)
  }
  rmSync(path, { force: true })
  const umask = process.umask(0o177)
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: BODY_BYTES_MAX,
      ...unlimited,
      fetch: app.fetch,
      error(error) {
        log.error(described(error), 'a request on the control socket failed')
        return new Response(null, { status: 500 })
      },
    })
    return { close: () => closeGracefully(server) }
  } finally {
    process.umask(umask)
  }
}
