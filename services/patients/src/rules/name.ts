export const NAME_PART_CHARACTERS_MIN = 2

/**
 * A name folded for search and comparison: lower case, single spaces, one spelling of each character. Joiners, which
 * Sinhala is written with or without and nobody sees, count for nothing.
 */
export const nameKeyOf = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()

/** Whether there is a letter, of any script, to call somebody by. */
export const isName = (name: string): boolean => /\p{L}/u.test(name)
