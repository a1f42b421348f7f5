import { expect, test } from 'bun:test'
import { traceOf } from './trace'

const REQUEST = '8f4c0c8e-5a51-4d1b-9a63-0d2f4f1c7a10'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

test('a trace goes on under its id, with a span of ours for a parent', () => {
  const { id, toParent } = traceOf(`00-${TRACE}-${SPAN}-01`, REQUEST)
  expect(id).toBe(TRACE)
  const parent = toParent()
  expect(parent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
  expect(parent).not.toContain(SPAN)
})

test('of the flags only whether it is sampled goes on', () => {
  for (const [given, kept] of [
    ['00', '00'],
    ['02', '00'],
    ['ff', '01'],
  ]) {
    expect(traceOf(`00-${TRACE}-${SPAN}-${given}`, REQUEST).toParent()).toEndWith(`-${kept}`)
  }
})

test('a later version is read as far as it is known', () => {
  const { id, toParent } = traceOf(`01-${TRACE}-${SPAN}-01-what-else`, REQUEST)
  expect(id).toBe(TRACE)
  expect(toParent()).toMatch(/^00-.*-01$/)
})

test.each([
  ['none', null],
  ['an empty one', ''],
  ['a name', 'Jane Doe'],
  ['another length', `00-${TRACE}0-${SPAN}-01`],
  ['something after it', `00-${TRACE}-${SPAN}-01-Jane`],
  ['two of them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['the version that is none', `ff-${TRACE}-${SPAN}-01`],
  ['a line of its own before it', `x\n00-${TRACE}-${SPAN}-01`],
])('of %s nothing goes on: a new trace begins, with the digits of the request', (_what, header) => {
  const { id, toParent } = traceOf(header, REQUEST)
  expect(id).toBe(REQUEST.replaceAll('-', ''))
  expect(toParent()).toMatch(new RegExp(`^00-${id}-[0-9a-f]{16}-00$`))
})

test('every request is a span of its own', () => {
  const parents = Array.from({ length: 1_000 }, () => traceOf(`00-${TRACE}-${SPAN}-01`, REQUEST).toParent())
  expect(new Set(parents).size).toBe(1_000)
})
