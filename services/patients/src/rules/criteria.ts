import { NAME_PART_CHARACTERS_MIN, nameKeyOf } from './name'
import { readNic } from './nic'
import { readPassport } from './passport'
import { readPhn } from './phn'
import { type Region, readPhone } from './phone'

/** What a patient is searched by, as it was written. */
export interface Criteria {
  id?: number
  phone?: string
  nic?: string
  phn?: string
  name?: string
  /** Whatever of phone, NIC, PHN, passport, email or name it looks like. */
  query?: string
}

/** One thing that a patient can be like. `namePart` is a part of the folded name; the others are exact. */
export type Likeness =
  | { of: 'id'; is: number }
  | { of: 'phone' | 'nicKey' | 'phn' | 'passport' | 'email' | 'namePart'; is: string }

/**
 * What a patient has to be like: at least one of each list. An empty list is a criterion that nobody can meet, such as a
 * phone number that no country has.
 */
export function likenesses({ id, phone, nic, phn, name, query }: Criteria, region: Region): Likeness[][] {
  const wanted: Likeness[][] = []
  if (id !== undefined) wanted.push([{ of: 'id', is: id }])
  if (phone !== undefined) wanted.push(present('phone', readPhone(phone, region)))
  if (nic !== undefined) wanted.push(present('nicKey', readNic(nic)?.nicKey))
  if (phn !== undefined) wanted.push(present('phn', readPhn(phn)))
  if (name !== undefined) wanted.push(namePart(name))
  if (query !== undefined) wanted.push(looksLike(query, region))
  return wanted
}

/** A name is the last thing it looks like, because names are searched by reading them all. */
function looksLike(query: string, region: Region): Likeness[] {
  const exact = [
    ...present('phone', readPhone(query, region)),
    ...present('nicKey', readNic(query)?.nicKey),
    ...present('phn', readPhn(query)),
    ...present('email', query.includes('@') ? query.toLowerCase() : null),
  ]
  const passport = present('passport', readPassport(query))
  const isNumber = exact.length > 0 || (passport.length > 0 && !/\p{L}{2}/u.test(query))
  return [...exact, ...passport, ...(isNumber ? [] : namePart(query))]
}

function namePart(written: string): Likeness[] {
  const part = nameKeyOf(written)
  return part.length >= NAME_PART_CHARACTERS_MIN ? [{ of: 'namePart', is: part }] : []
}

const present = (of: Exclude<Likeness['of'], 'id'>, is: string | null | undefined): Likeness[] =>
  is == null ? [] : [{ of, is }]
