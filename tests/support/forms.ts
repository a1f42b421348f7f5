import { Glob } from 'bun'

/**
 * In what form servers are started: everything in one process; every service in one of its own behind the gateway; or what
 * docker-compose.yml says, with NATS.
 */
export type Form = 'embedded' | 'split' | 'compose'

export const form: Form = process.env.FORM === 'split' || process.env.FORM === 'compose' ? process.env.FORM : 'embedded'

/** Whether services are in processes of their own, on a libSQL server. */
export const isApart = form !== 'embedded'

/** What is tried in every form. */
const folders = ['tests/journeys', 'tests/races']

/** And what is another thing where services are apart. */
const othersApart = [
  // notifications alone are killed, while bookings are made and the gateway holds the sockets
  'tests/delivery/everything-arrives.test.ts',
  // what a caller forges could travel on to another process
  'tests/raw/forged.test.ts',
  'tests/raw/malformed.test.ts',
  'tests/raw/smuggling.test.ts',
]

/** What of it has nothing to say about services that are apart, or is said of them elsewhere; and why. */
export const embeddedOnly: Readonly<Record<string, string>> = {
  'tests/journeys/data-held-by-another.test.ts': 'it keeps the data file from the one process that has it',
  'tests/journeys/data-that-cannot-be-used.test.ts': 'no server of any form is started',
  'tests/journeys/first-minute.test.ts': '`run up` is one process by itself',
  'tests/journeys/one-folder-one-server.test.ts': 'where the database is a server the folder holds no data',
  'tests/races/thousands.test.ts':
    'it is a load: most of a minute against a libSQL server; the other races are run there',
}

/** The files to run for services apart, in order. */
export function splitFiles(): string[] {
  const root = `${import.meta.dir}/../..`
  const files = folders.flatMap((folder) => [...new Glob(`${folder}/*.test.ts`).scanSync(root)])
  const gone = Object.keys(embeddedOnly).filter((file) => !files.includes(file))
  if (gone.length > 0) throw new Error(`Not there any more: ${gone.join(', ')}`)
  return [...files.filter((file) => !(file in embeddedOnly)), ...othersApart].sort()
}

/** What is tried as docker-compose.yml says in `check`; at night, with `NIGHTLY=1`, it is everything that is tried apart. */
const composeInCheck = [
  'tests/journeys/find-a-doctor-and-book.test.ts',
  'tests/journeys/keys-at-every-door.test.ts',
  'tests/journeys/sockets-at-the-door.test.ts',
]

export const composeFiles = (): string[] => (process.env.NIGHTLY === '1' ? splitFiles() : composeInCheck)
