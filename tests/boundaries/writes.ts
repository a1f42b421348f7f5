import * as access from '@channelling/schema/access'
import * as bookings from '@channelling/schema/bookings'
import * as catalogue from '@channelling/schema/catalogue'
import * as lease from '@channelling/schema/lease'
import * as notifications from '@channelling/schema/notifications'
import * as outbox from '@channelling/schema/outbox'
import * as patients from '@channelling/schema/patients'
import { codeOf, importsOf } from '../support/code'
import type { Source } from '../support/sources'

const NAME = Symbol.for('drizzle:Name')

/** The tables that a module of the schema defines, `{ apiKey: 'api_key' }`. */
const tablesOf = (module: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(module).flatMap(([name, value]) => {
      const table = value && typeof value === 'object' && (value as Record<symbol, unknown>)[NAME]
      return typeof table === 'string' ? [[name, table]] : []
    }),
  )

const modules: Record<string, Record<string, string>> = {
  access: tablesOf(access),
  bookings: tablesOf(bookings),
  catalogue: tablesOf(catalogue),
  lease: tablesOf(lease),
  notifications: tablesOf(notifications),
  outbox: tablesOf(outbox),
  patients: tablesOf(patients),
  // of a database server alone, and no data: it is made where a server is opened
  written: { written: '_written' },
}

/** Who writes what; whatever is not named here writes nothing. */
const owners: [folder: string, module: string][] = [
  ['services/catalogue/', 'catalogue'],
  ['services/bookings/', 'bookings'],
  ['services/patients/', 'patients'],
  ['services/notifications/', 'notifications'],
  ['libs/access/', 'access'],
  ['libs/schema/src/tables/outbox.ts', 'outbox'],
  ['libs/schema/src/tables/lease.ts', 'lease'],
  ['libs/schema/src/server/written.ts', 'written'],
]

/** Every table there is. */
export const tables = Object.values(modules).flatMap((module) => Object.values(module))

/** What a source may write. */
export const ownTables = (path: string): string[] =>
  owners.filter(([folder]) => path.startsWith(folder)).flatMap(([, module]) => Object.values(modules[module]!))

const sqlWrites =
  /\b(?:(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?INTO\s+|DELETE\s+FROM\s+|UPDATE\s+(?:OR\s+\w+\s+)?(?=\S+\s+(?:AS\s+\w+\s+)?SET\b))["`[]?(\$\{(\w+)\}|\w+)/gi

/**
 * What writes for others: where `insertInto(table, …)` is made, whoever calls it is who writes; a copy or a restore puts whole
 * databases where they belong while no service runs.
 */
const FOR_OTHERS = [
  'libs/schema/src/statements/rows.ts',
  'libs/schema/src/copies/copy.ts',
  'libs/schema/src/copies/restore.ts',
]

/**
 * The tables that a source writes, by SQL or by drizzle. A name put together at run time is read from its type; `?` is one that
 * cannot be read.
 */
export function writesOf(source: Source): string[] {
  if (FOR_OTHERS.includes(source.path)) return []
  const code = codeOf(source.text)
  const bySql = [...code.matchAll(sqlWrites)].flatMap(([, name, variable]) =>
    variable ? namesOf(variable, code) : [name!.toLowerCase()],
  )
  const known = tableImports(code)
  const byBuilder = [...code.matchAll(/\.(?:insert|update|delete)\(\s*([\w.]+)\s*\)/g)].flatMap(
    ([, name]) => known.get(name!) ?? [],
  )
  const byInserter = [...code.matchAll(/\binsertInto\(\s*(?:'(\w+)')?/g)].map(([, name]) => name ?? '?')
  return [...new Set([...bySql, ...byBuilder, ...byInserter])]
}

/** What a variable can be, by the literals of its type. */
function namesOf(variable: string, code: string): string[] {
  const annotated = [
    ...code.matchAll(new RegExp(`\\b${variable}\\??:\\s*([A-Z]\\w*|'\\w+'(?:\\s*\\|\\s*'\\w+')*)`, 'g')),
  ]
  const names = annotated.flatMap(([, type]) => {
    const literals = type!.startsWith("'") ? type : new RegExp(`type ${type} =\\s*\\|?([^\\n=]+)`).exec(code)?.[1]
    return [...(literals ?? '').matchAll(/'(\w+)'/g)].map(([, name]) => name!)
  })
  return names.length > 0 ? names : ['?']
}

/** The tables that a source imports, by the name it gives them. */
function tableImports(code: string): Map<string, string> {
  const known = new Map<string, string>()
  for (const { from, names } of importsOf(code)) {
    const module = modules[from.replace(/^@channelling\/schema\/|^\.\.?\/(?:tables\/)?/, '')]
    for (const { name, as } of module ? names : []) {
      if (name === '*') for (const [table, stored] of Object.entries(module!)) known.set(`${as}.${table}`, stored)
      else if (module![name]) known.set(as, module![name])
    }
  }
  return known
}

/** The tables that a source writes though it does not own them. */
export const trespassesOf = (source: Source): string[] =>
  writesOf(source)
    .filter((table) => !ownTables(source.path).includes(table))
    .map((table) => `${source.path} writes ${table}`)
