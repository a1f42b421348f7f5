export const fileNames = ['hospitals', 'specialities', 'consultants', 'schedules'] as const
export type FileName = (typeof fileNames)[number]

/** Why a file cannot be imported. */
export interface Fault {
  file: string
  /** From 1, the header included. */
  line: number
  /** What is wrong, without the value itself. */
  reason: string
}

/** By file, then line, as somebody works through them. */
export const inReadingOrder = (faults: Fault[]) =>
  faults.sort((a, b) => placeOf(a.file) - placeOf(b.file) || a.line - b.line)

const placeOf = (file: string) => fileNames.findIndex((name) => file === `${name}.csv`)
