/** A Sri Lankan national identity card number. */
export interface Nic {
  /** As it stands on the card, without spaces and with a capital letter. */
  nic: string
  /** Its new, twelve-digit form: the same for both forms of one person's number. */
  nicKey: string
}

/** YY, day of the year, serial number, check digit, then V (voter) or X. */
const OLD_FORM = /^(\d{2})(\d{3})(\d{4})[VX]$/
/** Year, day of the year, serial number, check digit. */
const NEW_FORM = /^((?:19|20)\d{2})(\d{3})(\d{5})$/

/**
 * Reads either form. Cards of the old form were given to people born in the 1900s, with a serial number one digit shorter:
 * `853400937V` and `198534000937` are one number. Null for anything else.
 */
export function readNic(written: string): Nic | null {
  const nic = written.replace(/[\s-]/g, '').toUpperCase()
  const old = OLD_FORM.exec(nic)
  const nicKey = old ? `19${old[1]}${old[2]}0${old[3]}` : NEW_FORM.test(nic) ? nic : null
  return nicKey !== null && hasDay(nicKey) ? { nic, nicKey } : null
}

/**
 * Whether the day is one that cards carry: 1 to 366 for men, 501 to 866 for women. Cards count 29 February in every year,
 * so that 366 is the last of December in all of them.
 */
function hasDay(nicKey: string): boolean {
  const day = Number(nicKey.slice(4, 7)) % 500
  return day >= 1 && day <= 366
}

/** The year of birth that a number in its new form tells. */
export const birthYearOf = (nicKey: string): number => Number(nicKey.slice(0, 4))
