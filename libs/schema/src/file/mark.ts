import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { unusable } from './unusable'

/**
 * Two fields of SQLite's file header that are an application's own: the user version holds the CRC-32 of the whole file as it is
 * without the mark, the application id says that it does.
 */
const USER_VERSION_AT = 60
const APPLICATION_ID_AT = 68
const FIELD_BYTES = 4
/** `chBK` */
const BACKUP = 0x6368424b

const CHUNK_BYTES = 1024 * 1024

function withFile<Result>(path: string, flags: 'r' | 'r+', work: (descriptor: number) => Result): Result {
  const descriptor = openSync(path, flags)
  try {
    return work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function writeField(descriptor: number, at: number, value: number): void {
  const field = Buffer.alloc(FIELD_BYTES)
  field.writeUInt32BE(value)
  writeSync(descriptor, field, 0, FIELD_BYTES, at)
}

/** Of the whole file, with nothing in the two fields. */
function checksumOf(descriptor: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let checksum = 0
  for (let at = 0; ; ) {
    const bytes = readSync(descriptor, chunk, 0, CHUNK_BYTES, at)
    if (bytes === 0) return checksum
    if (at === 0) {
      chunk.fill(0, USER_VERSION_AT, USER_VERSION_AT + FIELD_BYTES)
      chunk.fill(0, APPLICATION_ID_AT, APPLICATION_ID_AT + FIELD_BYTES)
    }
    checksum = Bun.hash.crc32(chunk.subarray(0, bytes), checksum)
    at += bytes
  }
}

/** Says in a closed data file that it is a backup, and whole. */
export const markBackup = (path: string): void =>
  withFile(path, 'r+', (descriptor) => {
    writeField(descriptor, USER_VERSION_AT, checksumOf(descriptor))
    writeField(descriptor, APPLICATION_ID_AT, BACKUP)
  })

export const unmark = (path: string): void =>
  withFile(path, 'r+', (descriptor) => {
    writeField(descriptor, USER_VERSION_AT, 0)
    writeField(descriptor, APPLICATION_ID_AT, 0)
  })

/**
 * Whether a file says that it is a backup, whatever became of it since.
 * @throws DataUnusable where it is a folder
 */
export function isMarked(path: string): boolean {
  try {
    return withFile(path, 'r', (descriptor) => {
      const field = Buffer.alloc(FIELD_BYTES)
      readSync(descriptor, field, 0, FIELD_BYTES, APPLICATION_ID_AT)
      return field.readUInt32BE(0) === BACKUP
    })
  } catch (error) {
    throw unusable(path, error)
  }
}

/** Whether a file is a backup and every byte of it is as it was written. */
export const backupState = (path: string): 'whole' | 'damaged' | 'no backup' =>
  withFile(path, 'r', (descriptor) => {
    const head = Buffer.alloc(APPLICATION_ID_AT + FIELD_BYTES)
    const bytes = readSync(descriptor, head, 0, head.length, 0)
    if (bytes < head.length || head.readUInt32BE(APPLICATION_ID_AT) !== BACKUP) return 'no backup'
    return head.readUInt32BE(USER_VERSION_AT) === checksumOf(descriptor) ? 'whole' : 'damaged'
  })
