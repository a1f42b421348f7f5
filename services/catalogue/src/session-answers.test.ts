import { expect, test } from 'bun:test'
import { createSessionAnswers } from './session-answers'

const answer = { text: '{}', etag: '"a"' }

test('an answer is kept until the instant at which time alone makes it wrong', () => {
  const answers = createSessionAnswers()
  answers.begin()(1, answer, 1000)
  expect(answers.find(1, 999)).toBe(answer)
  expect(answers.find(1, 1000)).toBeUndefined()
  expect(answers.find(2, 0)).toBeUndefined()
})

test('a change makes the answers about it forgotten, and no others', () => {
  const answers = createSessionAnswers()
  for (const id of [1, 2]) answers.begin()(id, answer, 1000)
  answers.forget([1])
  expect([answers.find(1, 0), answers.find(2, 0)]).toEqual([undefined, answer])
  answers.forgetAll()
  expect(answers.find(2, 0)).toBeUndefined()
})

test('what was read before a change is not kept after it', () => {
  const answers = createSessionAnswers()
  const keep = answers.begin()
  answers.forget([1])
  keep(1, answer, 1000)
  expect(answers.find(1, 0)).toBeUndefined()
})
