import { expect, test } from 'bun:test'
import { Glob } from 'bun'

const root = new URL('..', import.meta.url).pathname

/** Whether it takes another value than 1 for night too, `NIGHTLY=0` say. */
const isCareless = (text: string) => /process\.env\.NIGHTLY\b(?! === '1')/.test(text)

test('it is night where NIGHTLY is 1, and with no other value', async () => {
  const paths = [...new Glob('{crash,delivery,journeys,model,replicas,simulator,support}/*.ts').scanSync({ cwd: root })]
  const texts = await Promise.all(paths.map(async (path) => ({ path, text: await Bun.file(`${root}${path}`).text() })))
  expect(texts.filter(({ text }) => text.includes('process.env.NIGHTLY')).length).toBeGreaterThan(10)
  expect(texts.filter(({ text }) => isCareless(text)).map(({ path }) => path)).toEqual([])
})

test.each([
  ['const SEEDS = process.env.NIGHTLY ? 10 : 1', true],
  ['const night = process.env.NIGHTLY', true],
  ["const night = process.env.NIGHTLY === '1'", false],
])('%s', (text, careless) => {
  expect(isCareless(text)).toBe(careless)
})
