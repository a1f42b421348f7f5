/** What is replaced by what, in which file of the program. */
export type Change = readonly [file: string, from: RegExp, to: string][]

const engine = 'services/bookings/src/engine.ts'
const connection = 'libs/schema/src/connection.ts'

/** Ways to change the program for a test, see `spoil.ts`. All but the last spoil it. */
export const changes = {
  /** A booking is acknowledged some milliseconds before it is saved. */
  'answers first': [
    [
      engine,
      /statements\.length > 0 \? database\.write\(statements, before\?\.written\)/,
      'Bun.sleep(5).then(() => database.write(statements)).catch(() => {}) && 1 > 1 ? Promise.resolve([])',
    ],
  ],
  /** A commit does not wait for the disk. */
  'never waits for the disk': [
    [connection, /PRAGMA synchronous = FULL/, 'PRAGMA synchronous = OFF'],
    [connection, /synchronous: 2/, 'synchronous: 0'],
  ],
  /** Each statement is committed by itself. */
  'commits by halves': [
    [connection, /driver\.exec\(begin\)/, ''],
    [connection, /driver\.exec\('COMMIT'\)/, ''],
  ],
  /** Neither the answers to Idempotency-Keys nor the references are looked at; that leaves what the database refuses. */
  'forgets who asked': [
    ['services/bookings/src/deciding.ts', /world\.changes\.answers\.push\(answer\)/, ''],
    ['services/bookings/src/rules/decide.ts', /if \(reference !== null && world\.references\.has/, 'if (false && has'],
    ['services/bookings/src/rules/decide.ts', /^/, 'const has = (_: string) => true\n'],
  ],
  /** A disk fault is taken for an ordinary one. */
  'carries on': [['libs/schema/src/faults.ts', /return FATAL\.test\(this\.code\)/, 'return false']],
  /** Every commit brings the log to the file, as one does now and then otherwise. */
  'empties the log often': [[connection, /CHECKPOINT_PAGES = [\d_]+/, 'CHECKPOINT_PAGES = 1']],
} satisfies Record<string, Change>

export type Changed = keyof typeof changes

/** What a server is started with to be changed so. */
export const changed = (how: Changed | undefined) =>
  how ? { preload: new URL('./spoil.ts', import.meta.url).pathname, environment: { SPOIL: how } } : {}
