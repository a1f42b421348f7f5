import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { lock } from '../file/lock'
import type { DatabaseAddress } from '../open'
import type { BackupReply, BackupRequest } from './backup-worker'
import { copyInto, filePath } from './copy'

/** A backup that could not be made; the message is for whoever asked for it. */
export class BackupFault extends Error {
  override readonly name = 'BackupFault'
}

export interface BackedUp {
  bytes: number
  tookMs: number
}

/** One at a time: each reads the whole of the data. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Writes everything as it is at one moment into a new file, which is checked, on the disk and its owner's alone once it has its
 * name. Whoever books meanwhile goes on. The schema stays as it is.
 * @param to an absolute path that nothing has, in a folder that is there
 * @param held whether this process holds the data file
 * @throws BackupFault, or DataInUse when another process holds the data file
 */
export function backUp(from: DatabaseAddress, to: string, { held = false } = {}): Promise<BackedUp> {
  const turn = last.then(() => makeBackup(from, to, held))
  last = turn.catch(() => undefined)
  return turn
}

async function makeBackup(from: DatabaseAddress, to: string, held: boolean): Promise<BackedUp> {
  const began = performance.now()
  if (existsSync(to)) throw new BackupFault(`${to} is there already`)
  requireWritable(to)
  const path = filePath(from.url)
  if (path === null) await backUpServer(from, to)
  else if (held) await inWorker(path, to)
  else await backUpFile(path, to)
  return { bytes: statSync(to).size, tookMs: performance.now() - began }
}

/** Only trying tells: this may be a server, of another user than whoever named the path. */
function requireWritable(to: string): void {
  const partial = `${to}.partial`
  try {
    closeSync(openSync(partial, 'w', 0o600))
    rmSync(partial)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new BackupFault(`There is no folder ${dirname(to)}`)
    throw new BackupFault(
      `${to} cannot be written (${code}): its folder has to be writable for whoever runs the server, or this command where none runs`,
    )
  }
}

async function backUpFile(path: string, to: string): Promise<void> {
  if (!existsSync(dirname(path))) throw new BackupFault(`There is no data at ${path}`)
  const lease = lock(path)
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new BackupFault(`There is no data at ${path}`)
    await inWorker(path, to)
  } finally {
    lease.release()
  }
}

/** A server copies no file of itself for others: its rows are read at one moment, into a data file of which the backup is made. */
async function backUpServer(from: DatabaseAddress, to: string): Promise<void> {
  const folder = mkdtempSync(`${to}.partial-`)
  try {
    const path = join(folder, 'channelling.db')
    await copyInto(from, path, { whileWritten: true })
    await inWorker(path, to)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Copying a file keeps a thread busy to its end. */
async function inWorker(path: string, to: string): Promise<void> {
  const worker = new Worker(new URL('./backup-worker.ts', import.meta.url).href)
  try {
    const { promise, resolve } = Promise.withResolvers<BackupReply>()
    worker.onmessage = ({ data }: MessageEvent<BackupReply>) => resolve(data)
    worker.onerror = ({ message }) => resolve({ fault: `The backup stopped: ${message}` })
    worker.postMessage({ path, to } satisfies BackupRequest)
    const { fault } = await promise
    if (fault !== null) throw new BackupFault(fault)
  } finally {
    worker.terminate()
  }
}
