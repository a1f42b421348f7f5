import { expect, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { jsonBody } from './body'

const read = (body: string, type = 'application/json') =>
  jsonBody({
    request: new Request('http://localhost/', { method: 'POST', body, headers: { 'content-type': type } }),
  })

async function reasonOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof Refusal ? error.reason : 'none'
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

test('a body is read as JSON, and none at all is null', async () => {
  expect(await read('{"a":[1,{"b":null}]}', 'Application/JSON; charset=utf-8')).toEqual({ a: [1, { b: null }] })
  expect(await read('')).toBeNull()
})

test('what is not JSON, or not said to be, is refused', async () => {
  expect(await reasonOf(read('{"a":'))).toBe('malformed_json')
  expect(await reasonOf(read('{}', 'text/plain'))).toBe('unsupported_media_type')
  expect(await reasonOf(read('{}', 'application/jsonp'))).toBe('unsupported_media_type')
})

test('a body may be nested 32 deep and no deeper, side by side as often as it likes', async () => {
  expect(await reasonOf(read(nested(32)))).toBe('none')
  expect(await reasonOf(read(nested(33)))).toBe('invalid_request')
  expect(await reasonOf(read(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`))).toBe('invalid_request')
  expect(await reasonOf(read(`[${Array(100).fill(nested(31)).join()}]`))).toBe('none')
})

const properties = (count: number) => `{${Array.from({ length: count }, (_, at) => `"p${at}":":"`).join()}}`

test('a body may have 256 properties in all and no more, whatever its texts hold', async () => {
  expect(await reasonOf(read(properties(256)))).toBe('none')
  expect(await reasonOf(read(properties(257)))).toBe('invalid_request')
  expect(await reasonOf(read(`[${properties(128)},${properties(128)}]`))).toBe('none')
  expect(await reasonOf(read(`[${properties(128)},${properties(129)}]`))).toBe('invalid_request')
})

test('brackets within a text are no nesting, whatever comes before them', async () => {
  for (const text of ['['.repeat(99), `"${'{'.repeat(99)}`, `\\"${'['.repeat(99)}`, `\\${'['.repeat(99)}\\`]) {
    expect(await read(JSON.stringify({ text }))).toEqual({ text })
    expect(await reasonOf(read(`[${JSON.stringify(text)},${nested(31)}]`))).toBe('none')
    expect(await reasonOf(read(`[${JSON.stringify(text)},${nested(32)}]`))).toBe('invalid_request')
  }
})
