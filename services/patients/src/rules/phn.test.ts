import { expect, test } from 'bun:test'
import { PHN_BODY_DIGITS, phnOf, readPhn } from './phn'

const TRIALS = 2000
const bodies = Array.from({ length: TRIALS }, (_, trial) =>
  String((trial * 7_368_787 + trial ** 3 * 104_729) % 10 ** PHN_BODY_DIGITS).padStart(PHN_BODY_DIGITS, '0'),
)

test('every number reads back as itself', () => {
  for (const body of bodies) expect(readPhn(phnOf(body))).toBe(phnOf(body))
})

test('every single wrong digit, the check digit included, is caught', () => {
  for (const body of bodies) {
    const phn = phnOf(body)
    for (let at = 1; at < phn.length; at++) {
      for (const digit of '0123456789') {
        if (digit !== phn[at]) expect(readPhn(phn.slice(0, at) + digit + phn.slice(at + 1))).toBeNull()
      }
    }
  }
})

test('every two different neighbours changed over are caught', () => {
  for (const body of bodies) {
    const phn = phnOf(body)
    for (let at = 0; at + 1 < phn.length; at++) {
      if (phn[at] === phn[at + 1]) continue
      expect(readPhn(phn.slice(0, at) + phn[at + 1] + phn[at] + phn.slice(at + 2))).toBeNull()
    }
  }
})

test('case, spaces, dashes and the P make no difference', () => {
  const phn = phnOf('1234567890')
  for (const written of [phn.toLowerCase(), phn.slice(1), `p-${phn.slice(1, 5)}-${phn.slice(5)}`, ` ${phn} `]) {
    expect(readPhn(written)).toBe(phn)
  }
})

test.each(['', 'P', 'P123', 'Q12345678901', 'PP1234567890', 'P123456789012'])('"%s" is no PHN', (written) => {
  expect(readPhn(written)).toBeNull()
})
