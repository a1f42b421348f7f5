import { expect, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { refusalOf } from './kit'
import { createLog } from './log'

const meant = (error: unknown) => refusalOf(error, createLog('silent', 'test'), 'r-1').reason

test('what a fault means to callers is found however often it was wrapped', () => {
  const refusal = new Refusal('overloaded', 'Others keep the database busy')
  const fault = new Error('SQLITE_BUSY', { cause: refusal })
  expect([refusal, fault, new Error('Failed query', { cause: fault })].map(meant)).toEqual(Array(3).fill('overloaded'))
  expect([new Error('fault'), new Error('fault', { cause: 'text' }), 'text', undefined].map(meant)).toEqual(
    Array(4).fill('internal_error'),
  )
})
