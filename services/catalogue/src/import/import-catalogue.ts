import type { Calendar, Instant } from '@channelling/contract'
import { type Database, DatabaseFault } from '@channelling/schema'
import { saveConsultants, saveHospitals, savePairs, saveSchedules, saveSpecialities } from '../store/saving'
import {
  type Kept,
  readWholeCatalogue,
  type ScheduleEntry,
  slotKey,
  type WholeCatalogue,
} from '../store/whole-catalogue'
import { type Counts, type Difference, difference } from './difference'
import { type Fault, inReadingOrder } from './faults'
import { sessionsToPublish } from './publish'
import { type Given, newPairs, readFiles } from './read-files'
import type { CatalogueFiles } from './read-folder'

export interface ImportDependencies {
  database: Database
  calendar: Calendar
  clock: () => Instant
  currency: string
}

export interface ImportOptions {
  /** Told of long work as it goes on, in short sentences. */
  onProgress?: (line: string) => void
  /** For how many days, from today, sessions are published. */
  days?: number
}

export interface ImportReport {
  hospitals: Counts
  specialities: Counts
  consultants: Counts
  schedules: Counts
  sessions: Pick<Counts, 'created' | 'unchanged'>
}

export type Imported = { ok: true; report: ImportReport } | { ok: false; faults: Fault[] }

const PUBLISHED_DAYS = 30
const ATTEMPTS = 3

/**
 * Brings the catalogue to what the files say and publishes the sessions of the coming days: all of it in one write, or
 * nothing with every fault told. What is there already and equal is not written, so a second run changes nothing. Sessions
 * that are there are never altered, whatever became of their schedule; what the files do not name stays as it is.
 */
export async function importCatalogue(
  dependencies: ImportDependencies,
  files: CatalogueFiles,
  options: ImportOptions = {},
): Promise<Imported> {
  return bring(dependencies, options, (kept) => readFiles(files, kept))
}

/** Publishes the sessions that the schedules in use give the coming days. Those that are there are left alone. */
export async function publishSessions(
  dependencies: ImportDependencies,
  options: ImportOptions = {},
): Promise<ImportReport['sessions']> {
  const nothing: Given = { hospitals: [], specialities: [], consultants: [], schedules: [] }
  const done = await bring(dependencies, options, () => ({ given: nothing, faults: [] }))
  if (!done.ok) throw new Error('Publishing has no files, and so no faults')
  return done.report.sessions
}

async function bring(
  dependencies: ImportDependencies,
  { onProgress = () => {}, days = PUBLISHED_DAYS }: ImportOptions,
  read: (kept: WholeCatalogue) => { given: Given; faults: Fault[] },
): Promise<Imported> {
  const { database, clock } = dependencies
  for (let attempt = 1; ; attempt++) {
    const kept = await readWholeCatalogue(database)
    const { given, faults } = read(kept)
    if (faults.length > 0) return { ok: false, faults: inReadingOrder(faults) }
    onProgress(
      `Read ${given.hospitals.length} hospitals, ${given.specialities.length} specialities, ` +
        `${given.consultants.length} consultants, ${given.schedules.length} weekly schedules`,
    )

    const hospitals = difference(given.hospitals, kept.hospitals, ({ code }) => code)
    const specialities = difference(given.specialities, kept.specialities, ({ code }) => code)
    const consultants = difference(given.consultants, kept.consultants, ({ registration }) => registration)
    const schedules = difference(given.schedules, kept.schedules, slotKey)
    const inUse = schedulesInUse(given, kept)
    const sessions = await sessionsToPublish(dependencies, inUse, days, clock(), onProgress)

    const standsOn = [
      ...saveHospitals(toSave(hospitals), renamed(hospitals, kept.hospitals)),
      ...saveSpecialities(toSave(specialities), renamed(specialities, kept.specialities)),
      ...saveConsultants(toSave(consultants)),
      ...savePairs(newPairs(inUse, kept)),
      ...saveSchedules(toSave(schedules)),
    ]
    const statements = [...standsOn, ...sessions.sessions, ...sessions.events]
    try {
      if (statements.length > 0) onProgress(`Writing ${sessions.missing} new sessions and what they stand on`)
      const written = statements.length > 0 ? await database.write(statements) : []
      const published = written.slice(standsOn.length, standsOn.length + sessions.sessions.length)
      const created = published.reduce((sum, { changes }) => sum + changes, 0)
      return {
        ok: true,
        report: {
          hospitals: hospitals.counts,
          specialities: specialities.counts,
          consultants: consultants.counts,
          schedules: schedules.counts,
          sessions: { created, unchanged: sessions.unchanged },
        },
      }
    } catch (error) {
      // somebody else wrote in between: what is there is read again, and what is missing decided again
      if (!(error instanceof DatabaseFault && error.isDuplicate()) || attempt === ATTEMPTS) throw error
    }
  }
}

const toSave = <Entry>({ created, changed }: Difference<Entry>) => [...created, ...changed]

const renamed = (
  { changed }: Difference<{ code: string; name: string }>,
  kept: Map<string, Kept<{ code: string; name: string }>>,
) => changed.filter(({ code, name }) => kept.get(code)?.name !== name).map(({ code }) => code)

/** The schedules of the database as the files leave them, without what is retired. */
function schedulesInUse(given: Given, kept: WholeCatalogue): ScheduleEntry[] {
  const all = new Map<string, ScheduleEntry>()
  const isRetired = ({ consultant, hospital }: ScheduleEntry) =>
    kept.consultants.get(consultant)?.retired || kept.hospitals.get(hospital)?.retired
  for (const entry of [...kept.schedules.values(), ...given.schedules]) {
    const key = slotKey(entry)
    if (!kept.schedules.get(key)?.retired && !isRetired(entry)) all.set(key, entry)
  }
  return [...all.values()]
}
