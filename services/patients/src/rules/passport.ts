/** A passport number as we keep it: capitals and digits, 5 to 20, without spaces and dashes. Null for anything else. */
export function readPassport(written: string): string | null {
  const passport = written.replace(/[\s-]/g, '').toUpperCase()
  return /^[A-Z0-9]{5,20}$/.test(passport) && /\d/.test(passport) ? passport : null
}
