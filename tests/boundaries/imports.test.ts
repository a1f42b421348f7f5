import { expect, test } from 'bun:test'
import { sourcesOf } from '../support/sources'
import { faultyImports, impurities, packagesOf } from './imports'

const sources = await sourcesOf('services/*/src/**/*.ts', 'gateway/src/**/*.ts', 'libs/*/src/**/*.ts')
const packages = packagesOf(
  await sourcesOf('services/*/package.json', 'libs/*/package.json', 'gateway/package.json', 'tests/package.json'),
)
const rules = sources.filter(({ path }) => path.includes('/rules/'))

test('packages reach each other by name, libraries know of no service and services of no other', () => {
  expect(packages.byName.size).toBeGreaterThan(9)
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.flatMap((source) => faultyImports(source, packages))).toEqual([])
})

test('a rule knows the contract and other rules: no HTTP, no database, no clock, no chance', () => {
  expect(rules.length).toBeGreaterThan(15)
  expect(rules.flatMap(impurities)).toEqual([])
})

test.each([
  ['services/bookings/src/a.ts', "import { x } from '@channelling/catalogue'", 'a service knows of no other'],
  ['services/bookings/src/a.ts', "import { x } from '@channelling/gateway'", 'a service knows of no other'],
  ['services/bookings/src/a.ts', "export * from '../../catalogue/src/index'", 'another package is reached by its name'],
  ['services/bookings/src/a.ts', "const x = await import('../../../libs/http/src')", 'another package is reached'],
  ['services/bookings/src/a.ts', "import '@channelling/schema/writer'", 'it is not exported'],
  ['services/bookings/src/a.ts', "import '@channelling/elsewhere'", 'there is no such package'],
  ['libs/http/src/a.ts', "import type { X } from '@channelling/patients'", 'a library knows of no service'],
  ['libs/http/src/a.ts', "import {\n  a,\n  b,\n} from '@channelling/http'", 'a package does not import itself'],
])('an import across a wall is found: %s %s', (path, text, why) => {
  expect(faultyImports({ path, text }, packages)).toEqual([expect.stringContaining(why)])
})

test('imports that the shape allows are let be', () => {
  const text =
    "import { a } from '@channelling/schema/access'\nimport { b } from '../rules/b'\n// from '@channelling/patients'"
  expect(faultyImports({ path: 'services/bookings/src/store/a.ts', text }, packages)).toEqual([])
  expect(faultyImports({ path: 'gateway/src/a.ts', text: "import '@channelling/patients'" }, packages)).toEqual([])
})

test.each([
  ["import { Elysia } from 'elysia'", 'imports elysia'],
  ["import { eq } from 'drizzle-orm'", 'imports drizzle-orm'],
  ["import type { Database } from '@channelling/schema'", 'imports @channelling/schema'],
  ["import { Database } from 'bun:sqlite'", 'imports bun:sqlite'],
  ["import { load } from '../store/load'", 'imports ../store/load'],
  ['export const now = () => Date.now()', 'reads the clock'],
  ['export const now = () => new Date( ).getTime()', 'reads the clock'],
  ['export const pick = () => Math.random()', 'draws at random'],
  ['setTimeout(() => {}, 1)', 'waits'],
  ['export const zone = process.env.TZ', 'reads its surroundings'],
])('a rule that is more than a rule is found: %s', (text, what) => {
  const path = 'services/bookings/src/rules/sample.ts'
  expect(impurities({ path, text })).toEqual([`${path} ${what}`])
})

test('a rule that only computes is let be', () => {
  const text =
    "import { Refusal } from '@channelling/contract'\n// not Date.now()\nexport const day = (at: number) => new Date(at)"
  expect(impurities({ path: 'services/bookings/src/rules/sample.ts', text })).toEqual([])
})
