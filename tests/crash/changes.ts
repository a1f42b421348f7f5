/** What is replaced by what, in which file of the program. */
export type Change = readonly [file: string, from: RegExp, to: string][]

const engine = 'services/bookings/src/engine.ts'
const connection = 'libs/schema/src/file/connection.ts'
const feed = 'services/notifications/src/feed.ts'

/** Whoever is called so, when registered, makes the server fail, by an error that says everything of them in every way it can. */
export const MISHAPS = ['Throwing', 'Rejecting', 'Misread', 'Miswritten', 'Crashing'] as const

const mishaps: Change = [
  [
    'services/patients/src/endpoints/register-patient.ts',
    /const now = clock\(\)/,
    `const now = clock()
      const told = JSON.stringify(body)
      const fault = () => Object.assign(new TypeError(told + '\\n    at ' + told + ' (/x.ts:1:1)', { cause: body }), { body, code: told })
      if (body.name?.startsWith('Throwing')) throw fault()
      if (body.name?.startsWith('Rejecting')) await Promise.reject(fault())
      if (body.name?.startsWith('Misread')) await database.read('SELECT * FROM nowhere WHERE told = ?', [told])
      if (body.name?.startsWith('Miswritten')) await addPatient(database, { ...body, nameKey: null }, told, now)
      if (body.name?.startsWith('Crashing')) setTimeout(() => { throw fault() })`,
  ],
]

/** Ways to change the program for a test, see `spoil.ts`. All but `empties the log often` spoil it. */
export const changes = {
  /** A booking is acknowledged a moment before it is saved: long enough for the answer to arrive first, however busy the machine is. */
  'answers first': [
    [
      engine,
      /statements\.length > 0\s+\? database\.write\(statements, \{ after: before\?\.written[^}]*\}\)/,
      'Bun.sleep(200).then(() => database.write(statements)).catch(() => {}) && 1 > 1 ? Promise.resolve([])',
    ],
  ],
  /** A commit does not wait for the disk. */
  'never waits for the disk': [
    [connection, /PRAGMA synchronous = FULL/, 'PRAGMA synchronous = OFF'],
    [connection, /synchronous: 2/, 'synchronous: 0'],
  ],
  /** Each statement is committed by itself. */
  'commits by halves': [
    [connection, /driver\.exec\('BEGIN IMMEDIATE'\)/, ''],
    [connection, /driver\.exec\('BEGIN'\)/, '{}'],
    [connection, /driver\.exec\('COMMIT'\)/, ''],
  ],
  /** Neither the answers to Idempotency-Keys nor the references are looked at; that leaves what the database refuses. */
  'forgets who asked': [
    ['services/bookings/src/deciding.ts', /world\.changes\.answers\.push\(answer\)/, ''],
    ['services/bookings/src/rules/decide.ts', /if \(reference !== null && world\.references\.has/, 'if (false && has'],
    ['services/bookings/src/rules/decide.ts', /^/, 'const has = (_: string) => true\n'],
  ],
  /** A disk fault is taken for an ordinary one. */
  'carries on': [
    [
      'libs/schema/src/faults.ts',
      /return \(this\.code\.startsWith\('SQLITE_'\) && !this\.isFatal\)/,
      'return !FATAL.test(this.code)',
    ],
    [
      'libs/schema/src/faults.ts',
      /get isFatal\(\): boolean \{\s+return FATAL\.test\(this\.code\)/,
      'get isFatal(): boolean {\n    return false',
    ],
    ['libs/schema/src/file/checkpoints.ts', /\(error\) => onFault\(faultOf\(error\)\)/, '() => {}'],
  ],
  /** Places are saved without a look at whether another writer changed them meanwhile. */
  'sells on an old reading': [
    [
      'services/bookings/src/store/save.ts',
      /CASE WHEN seat\.version = j\.column5 THEN seat\.version \+ 1 END/,
      'seat.version + 1',
    ],
  ],
  /** A write whose answer was lost is done once more. */
  'does the uncertain again': [
    [
      'services/bookings/src/engine.ts',
      /!\(error instanceof DatabaseFault\) \|\| error\.isUndone/,
      'error !== undefined',
    ],
  ],
  /** The reader of the outbox is where it will be before it has read what lies between. */
  'moves its cursor first': [
    [
      feed,
      /persist\(\(\) => eventsAfter\(database, \{ after: recent\.last, limit: BATCH \}\)\)/,
      `persist(async () => {
        const after = recent.last
        recent.begin(Math.max(after, (await streamState(database)).last))
        return eventsAfter(database, { after, limit: BATCH })
      })`,
    ],
  ],
  /** Whoever begins to listen is told that nothing will be missed before that is so. */
  'listens later than it says': [[feed, /async settled\(\) \{\s+await entered/, 'async settled() {']],
  /** Idempotency-Keys are looked at, and their answers not kept. */
  'keeps no answers': [['services/bookings/src/deciding.ts', /world\.changes\.answers\.push\(answer\)/, '']],
  /** Every write has the log brought to the file, as it is now and then otherwise. */
  'empties the log often': [['libs/schema/src/file/checkpoints.ts', /GROWING_MS = \d+/, 'GROWING_MS = 0']],
  /** It fails over certain patients. */
  'fails over patients': mishaps,
  /** It does, and tells of them in its log; refusals say what was refused, and metrics which path it was. */
  'tells of patients': [
    ...mishaps,
    ['libs/http/src/log.ts', /error: isName\(error\.name\) \? error\.name : 'Error'/, 'error: error.message'],
    ['libs/http/src/kit.ts', /\? 'has a property that this operation does not know'/, '? JSON.stringify(error.value)'],
    ['gateway/src/front.ts', /seen\.route = route/, 'seen.route = { ...route, template: decodeURIComponent(url) }'],
  ],
} satisfies Record<string, Change>

export type Changed = keyof typeof changes

/** What a server is started with to be changed so. */
export const changed = (how: Changed | undefined) =>
  how ? { preload: new URL('./spoil.ts', import.meta.url).pathname, environment: { SPOIL: how } } : {}
