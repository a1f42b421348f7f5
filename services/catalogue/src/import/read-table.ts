import { type CsvErrorCode, parse } from 'csv-parse/sync'
import type { z } from 'zod'
import type { Fault, FileName } from './faults'

/** A row of a file, with the line it ends on. */
export interface Row<Value> {
  line: number
  value: Value
}

export interface Table<Value> {
  /** The rows without a fault. */
  rows: Row<Value>[]
  /** The natural key of every row that has one, the faulty too, and its first line. */
  keys: Map<string, number>
  /** Whether the file could be taken apart at all. If not, nothing is said about what others refer to in it. */
  sound: boolean
}

/** What a file holds: a zod shape by column, each reading text. A column that takes empty text may be left out. */
export interface TableForm<Shape extends z.ZodObject> {
  columns: Shape
  /** The column that names a row, or null where the rows of a file need no single name. */
  key: (keyof Shape['shape'] & string) | null
  /** Columns in which no two rows may agree, besides the key. */
  unique?: (keyof Shape['shape'] & string)[]
}

/** Reads the rows of a file, and adds every fault of it to `faults`. */
export function readTable<Shape extends z.ZodObject>(
  name: FileName,
  text: string,
  { columns, key, unique = [] }: TableForm<Shape>,
  faults: Fault[],
): Table<z.output<Shape>> {
  const file = `${name}.csv`
  const table: Table<z.output<Shape>> = { rows: [], keys: new Map(), sound: true }
  const fault = (line: number, reason: string) => void faults.push({ file, line, reason })
  const unsound = (line: number, reason: string) => {
    table.sound = false
    fault(line, reason)
  }

  const [head, ...records] = recordsOf(text, unsound)
  if (!head) {
    if (table.sound) unsound(1, `the header is missing: ${Object.keys(columns.shape).join(',')}`)
    return table
  }
  const header = head.fields.map((field) => field.trim())
  for (const reason of headerFaults(header, columns)) unsound(head.line, reason)
  if (!table.sound) return table

  const seen = new Map(unique.map((column) => [column, new Map<string, number>()]))
  for (const { line, fields } of records) {
    if (fields.length !== header.length) {
      fault(line, `has ${fields.length} fields where the header has ${header.length}`)
      continue
    }
    const given = Object.fromEntries(Object.keys(columns.shape).map((column) => [column, '']))
    header.forEach((column, at) => {
      given[column] = fields[at]!.trim()
    })
    if (key !== null && given[key] !== '') {
      const first = table.keys.get(given[key]!)
      if (first !== undefined) fault(line, `${key} is given in line ${first} already`)
      else table.keys.set(given[key]!, line)
    }
    for (const [column, lines] of seen) {
      const first = lines.get(given[column]!)
      if (first !== undefined) fault(line, `${column} is given in line ${first} already`)
      else if (given[column] !== '') lines.set(given[column]!, line)
    }
    const read = columns.safeParse(given)
    if (read.success) table.rows.push({ line, value: read.data })
    else for (const { path, message } of read.error.issues) fault(line, `${path.join('.')} ${message}`)
  }
  return table
}

interface CsvRecord {
  line: number
  fields: string[]
}

const reasonOf: Partial<Record<CsvErrorCode, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on after its closing quote; a quote within it is written twice',
  INVALID_OPENING_QUOTE: 'a quote stands within a field that does not begin with one',
}

function recordsOf(text: string, unsound: (line: number, reason: string) => void): CsvRecord[] {
  const records: CsvRecord[] = []
  let lastLine = 0
  let quoteOutOfPlace = false
  parse(text, {
    bom: true,
    info: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_records_with_error: true,
    on_record: (({ info, record }: { info: { lines: number }; record: string[] }) => {
      lastLine = info.lines
      const empty = record.every((field) => field.trim() === '')
      if (!empty) records.push({ line: info.lines, fields: record })
      return null
    }) as never,
    on_skip: (error) => {
      const { code, lines } = error as unknown as { code: CsvErrorCode; lines: number }
      const neverClosed = code === 'CSV_QUOTE_NOT_CLOSED'
      // after another quote out of place, what is open at the end of the file says nothing
      if (neverClosed && quoteOutOfPlace) return undefined
      unsound(neverClosed ? lastLine + 1 : lines, reasonOf[code] ?? 'is no CSV')
      quoteOutOfPlace = true
      return undefined
    },
  })
  return records
}

function* headerFaults(header: string[], columns: z.ZodObject): Generator<string> {
  const known = Object.keys(columns.shape)
  for (const [at, column] of header.entries()) {
    if (!known.includes(column)) yield `column ${at + 1} is not one of ${known.join(',')}`
    else if (header.indexOf(column) !== at) yield `column ${at + 1} repeats ${column}`
  }
  for (const [column, form] of Object.entries(columns.shape)) {
    const canBeEmpty = (form as z.ZodType).safeParse('').success
    if (!header.includes(column) && !canBeEmpty) yield `the column ${column} is missing`
  }
}
