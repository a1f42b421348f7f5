import { type Kept, pairKey, type ScheduleEntry, slotKey, type WholeCatalogue } from '../store/whole-catalogue'
import type { Fault } from './faults'
import { consultantsForm, hospitalsForm, type ScheduleRow, schedulesForm, specialitiesForm } from './forms'
import type { CatalogueFiles } from './read-folder'
import { type Row, readTable } from './read-table'

/** The entries of the files, faultless. */
export interface Given {
  hospitals: WholeEntry<'hospitals'>[]
  specialities: WholeEntry<'specialities'>[]
  consultants: WholeEntry<'consultants'>[]
  schedules: ScheduleEntry[]
}

type WholeEntry<Name extends 'hospitals' | 'specialities' | 'consultants'> =
  WholeCatalogue[Name] extends Map<string, Kept<infer Entry>> ? Entry : never

/** What a weekday row says of each of its days. */
const entriesOf = ({ weekday, start, end, reservedNumbers, ...row }: ScheduleRow): ScheduleEntry[] =>
  weekday.map((day) => ({
    ...row,
    weekday: day,
    startMinute: start,
    durationMinutes: end - start,
    reservedNumbers: JSON.stringify(reservedNumbers),
  }))

/** Reads the files against what the database has. Every fault of any of them is told. */
export function readFiles(files: CatalogueFiles, kept: WholeCatalogue): { given: Given; faults: Fault[] } {
  const faults: Fault[] = []
  const hospitals = readTable('hospitals', files.hospitals, hospitalsForm, faults)
  const specialities = readTable('specialities', files.specialities, specialitiesForm, faults)
  const consultants = readTable('consultants', files.consultants, consultantsForm, faults)
  const schedules = readTable('schedules', files.schedules, schedulesForm, faults)

  const fault = (file: string, line: number, reason: string) => void faults.push({ file: `${file}.csv`, line, reason })

  /** A reference leads to the files or the database, and to something in use. */
  function refer(
    from: { file: string; line: number; column: string; key: string },
    to: { file: string; keys: Map<string, number>; sound: boolean },
    known: Map<string, Kept<unknown>>,
  ) {
    const there = known.get(from.key)
    if (there?.retired) fault(from.file, from.line, `${from.column} is retired`)
    else if (!there && to.sound && !to.keys.has(from.key)) {
      fault(from.file, from.line, `${from.column} is neither in ${to.file}.csv nor in the database`)
    }
  }

  nameClashes(hospitals.rows, kept.hospitals).forEach((line) => {
    fault('hospitals', line, 'name belongs to a hospital of another code')
  })
  nameClashes(specialities.rows, kept.specialities).forEach((line) => {
    fault('specialities', line, 'name belongs to a speciality of another code')
  })

  for (const { line, value } of consultants.rows) {
    if (kept.consultants.get(value.registration)?.retired) continue
    refer(
      { file: 'consultants', line, column: 'speciality', key: value.speciality },
      { file: 'specialities', ...specialities },
      kept.specialities,
    )
  }

  const slots = new Map<string, number>()
  const entries: ScheduleEntry[] = []
  for (const { line, value } of schedules.rows) {
    const days = entriesOf(value)
    const first = days.map((day) => slots.get(slotKey(day))).find((one) => one !== undefined)
    if (first !== undefined) fault('schedules', line, `the consultant sits there at that time by line ${first} already`)
    for (const day of days) slots.set(slotKey(day), slots.get(slotKey(day)) ?? line)
    entries.push(...days)
    if (days.every((day) => kept.schedules.get(slotKey(day))?.retired)) continue
    refer(
      { file: 'schedules', line, column: 'consultant', key: value.consultant },
      { file: 'consultants', ...consultants },
      kept.consultants,
    )
    refer(
      { file: 'schedules', line, column: 'hospital', key: value.hospital },
      { file: 'hospitals', ...hospitals },
      kept.hospitals,
    )
  }

  return {
    given: {
      hospitals: hospitals.rows.map(({ value }) => value),
      specialities: specialities.rows.map(({ value }) => value),
      consultants: consultants.rows.map(({ value }) => value),
      schedules: entries,
    },
    faults,
  }
}

/** The lines of names that stay with another code of the database: one that the file does not rename. */
function nameClashes(
  rows: Row<{ code: string; name: string }>[],
  kept: Map<string, Kept<{ code: string; name: string }>>,
): number[] {
  const holders = new Map([...kept.values()].map((entry) => [entry.name, entry]))
  const renamed = new Set(
    rows.filter(({ value }) => kept.get(value.code)?.retired === 0).map(({ value }) => value.code),
  )
  return rows
    .filter(({ value }) => {
      if (kept.get(value.code)?.retired) return false
      const holder = holders.get(value.name)
      return holder !== undefined && holder.code !== value.code && !renamed.has(holder.code)
    })
    .map(({ line }) => line)
}

/** The pairs of consultant and hospital that schedules bring and the database lacks, each once. */
export const newPairs = (schedules: ScheduleEntry[], kept: WholeCatalogue) => [
  ...new Map(
    schedules
      .filter((entry) => !kept.pairs.has(pairKey(entry)))
      .map(({ consultant, hospital }) => [pairKey({ consultant, hospital }), { consultant, hospital }]),
  ).values(),
]
