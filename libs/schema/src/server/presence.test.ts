import { expect, test } from 'bun:test'
import { DatabaseFault } from '../faults'
import { createPresence } from './presence'

test('what fails for want of an answer tells once that the server is away, and whatever is answered once that it is back', async () => {
  const said: string[] = []
  const noticed = createPresence({ onAway: ({ code }) => said.push(code), onBack: () => said.push('back') })
  const fails = (code: string) => noticed(Promise.reject(new DatabaseFault(code, 'a fault'))).catch(({ code }) => code)
  expect(await noticed(Promise.resolve('answer'))).toBe('answer')
  expect(await fails('SQLITE_CONSTRAINT')).toBe('SQLITE_CONSTRAINT')
  expect(said).toEqual([])
  await fails('TIMEOUT')
  await fails('ECONNREFUSED')
  // of what is no answer nobody knows
  await fails('UNKNOWN')
  expect(said).toEqual(['TIMEOUT'])
  // a refusal is an answer
  await fails('SQLITE_BUSY')
  await noticed(Promise.resolve())
  await fails('ECONNREFUSED')
  await noticed(Promise.resolve())
  expect(said).toEqual(['TIMEOUT', 'back', 'ECONNREFUSED', 'back'])
})
