/** Rows under a header, each column as wide as its widest cell. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => Bun.stringWidth(row[column] ?? title))),
  )
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - Bun.stringWidth(cell)))
      .join('  ')
      .trimEnd()
  return [header, ...rows].map(line).join('\n')
}
