import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fault, type FileName, fileNames } from './faults'

/** The four files, as text. */
export type CatalogueFiles = Record<FileName, string>

/** Reads the files of a folder. One that is missing or is no UTF-8 text is a fault. */
export async function readFolder(
  path: string,
): Promise<{ ok: true; files: CatalogueFiles } | { ok: false; faults: Fault[] }> {
  const faults: Fault[] = []
  const files: CatalogueFiles = { hospitals: '', specialities: '', consultants: '', schedules: '' }
  for (const name of fileNames) {
    const file = `${name}.csv`
    try {
      files[name] = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(join(path, file)))
    } catch (error) {
      faults.push({ file, line: 1, reason: whyUnreadable(error) })
    }
  }
  return faults.length === 0 ? { ok: true, files } : { ok: false, faults }
}

function whyUnreadable(error: unknown): string {
  const { code } = error as { code?: string }
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'the file is missing'
  return error instanceof TypeError ? 'the file is not UTF-8 text' : 'the file cannot be read'
}
