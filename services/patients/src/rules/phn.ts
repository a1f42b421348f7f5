/** Row by the check so far, column by the next digit: Damm's quasigroup of order ten. */
const DAMM = [
  [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
  [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
  [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
  [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
  [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
  [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
  [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
  [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
  [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
  [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
] as const

export const PHN_BODY_DIGITS = 10

/**
 * A personal health number: `P`, ten digits, and a check digit by Damm's scheme, which catches every single wrong digit and
 * every two neighbours changed over. Digits are read out over the telephone without mistaking O for 0.
 * @param body ten digits
 */
export const phnOf = (body: string): string => `P${body}${checkOf(body)}`

/** The number as we write it, from any case, with or without the `P`, spaces and dashes. Null when its check fails. */
export function readPhn(written: string): string | null {
  const phn = /^P?(\d{11})$/.exec(written.replace(/[\s-]/g, '').toUpperCase())
  return phn && checkOf(phn[1]!) === 0 ? `P${phn[1]}` : null
}

/** The check digit of some digits; 0 for digits that end with their own check digit. */
function checkOf(digits: string): number {
  let check = 0
  for (const digit of digits) check = DAMM[check]![Number(digit)]!
  return check
}
