/**
 * A select list that gives each row as one JSON text, by the names and expressions of its fields. Reading a wide row value by value
 * over the border to native code costs several times what building and parsing the text does; hot reads use this.
 */
export const jsonRow = (fields: Record<string, string>): string =>
  `json_object(${Object.entries(fields)
    .map(([name, expression]) => `'${name}', ${expression}`)
    .join(', ')}) AS row`

/** A row as `jsonRow` gives it. */
export interface JsonRow {
  row: string
}

/** Reads what `jsonRow` gave. */
export const rowsOfJson = <Row>(rows: readonly JsonRow[]): Row[] => rows.map(({ row }) => JSON.parse(row) as Row)
