import { dirname, join, normalize } from 'node:path'
import { codeOf, importsOf } from '../support/code'
import type { Source } from '../support/sources'

/** `services/bookings`, or `gateway`. */
const packageOf = (path: string) => /^(gateway|tests|(?:services|libs)\/[^/]+)\//.exec(path)?.[1] ?? ''

const nameOf = (folder: string) => `@channelling/${folder.split('/').at(-1)}`

export interface Packages {
  /** By name: where it is, and what it lets be imported. */
  byName: Map<string, { folder: string; exported: string[] }>
}

/** Reads what the packages are from their `package.json`. */
export function packagesOf(manifests: Source[]): Packages {
  const byName = manifests.map(({ path, text }) => {
    const { name, exports = {} } = JSON.parse(text) as { name: string; exports?: string | Record<string, string> }
    const exported = typeof exports === 'string' ? ['.'] : Object.keys(exports)
    return [name, { folder: dirname(path), exported }] as const
  })
  return { byName: new Map(byName) }
}

/** What a source imports though the shape of the whole forbids it. */
export function faultyImports({ path, text }: Source, { byName }: Packages): string[] {
  const own = packageOf(path)
  return importsOf(codeOf(text)).flatMap(({ from }) => {
    const fault = (why: string) => [`${path} imports ${from}: ${why}`]
    if (from.startsWith('.')) {
      const reached = normalize(join(dirname(path), from))
      return reached.startsWith(`${own}/`) ? [] : fault('another package is reached by its name')
    }
    if (!from.startsWith('@channelling/')) return []
    const [scope, name, ...rest] = from.split('/')
    const found = byName.get(`${scope}/${name}`)
    if (!found) return fault('there is no such package')
    if (!found.exported.includes(['.', ...rest].join('/'))) return fault('it is not exported')
    if (from === nameOf(own)) return fault('a package does not import itself')
    const { folder } = found
    if (folder === 'tests') return fault('nothing is built on tests')
    if (own.startsWith('libs/') && !folder.startsWith('libs/')) return fault('a library knows of no service')
    if (own.startsWith('services/') && !folder.startsWith('libs/')) return fault('a service knows of no other')
    return []
  })
}

/** Where rules may import from: the contract, each other, and libraries that only compute. */
const pure = [/^@channelling\/contract$/, /^\.\/[\w-]+$/, /^\.\.\/rules\/[\w-]+$/, /^libphonenumber-js(\/\w+)?$/]

const impure: [what: RegExp, why: string][] = [
  [/\bDate\.now\b/, 'reads the clock'],
  [/\bnew Date\(\s*\)/, 'reads the clock'],
  [/\bperformance\./, 'reads the clock'],
  [/\bdayjs\(\s*\)/, 'reads the clock'],
  [/\bMath\.random\b/, 'draws at random'],
  [/\bcrypto\b/, 'draws at random'],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'waits'],
  [/\b(process|Bun)\./, 'reads its surroundings'],
  [/\bfetch\(/, 'asks the network'],
  [/\bconsole\./, 'writes out'],
  [/\bawait\b|\basync\b|\bPromise\b/, 'waits'],
]

/** What makes a rule more than a rule. */
export function impurities({ path, text }: Source): string[] {
  const code = codeOf(text)
  return [
    ...importsOf(code)
      .filter(({ from }) => !pure.some((allowed) => allowed.test(from)))
      .map(({ from }) => `${path} imports ${from}`),
    ...impure.filter(([what]) => what.test(code)).map(([, why]) => `${path} ${why}`),
  ]
}
