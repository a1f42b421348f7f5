import type { Table } from './tables'

/** What a table holds. */
export interface TableContent {
  table: string
  rows: number
  /** SHA-256 of all rows in the order of their primary key, hexadecimal. */
  hash: string
}

/** What a database holds. */
export interface Content {
  tables: TableContent[]
  /** JSON of the last id that each table gave. */
  sequences: string
}

/** One value in a form that tells text, numbers, bytes and null apart, whichever driver read it. */
function canonical(value: unknown): unknown {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes =
      value instanceof ArrayBuffer ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return { bytes: bytes.toString('base64') }
  }
  return typeof value === 'bigint' ? Number(value) : value
}

/** Gathers what tables hold from their rows, one table after the other. */
export class Digest {
  readonly tables: TableContent[] = []
  #hash = new Bun.CryptoHasher('sha256')
  #rows = 0

  add(rows: readonly unknown[][]): void {
    for (const row of rows) this.#hash.update(`${JSON.stringify(row.map(canonical))}\n`)
    this.#rows += rows.length
  }

  end({ name }: Table): TableContent {
    const content = { table: name, rows: this.#rows, hash: this.#hash.digest('hex') }
    this.tables.push(content)
    this.#hash = new Bun.CryptoHasher('sha256')
    this.#rows = 0
    return content
  }
}
