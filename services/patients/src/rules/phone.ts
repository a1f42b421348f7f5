import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'

/** The country whose national numbers are meant when no country code is written, `LK`. */
export type Region = CountryCode

/**
 * A phone number in E.164 (`+94771234567`), however it was written: `0771234567`, `+94 77 123 4567`, `0094771234567`.
 * Null for anything that is not one whole number, or that the numbering plan of its country does not have.
 */
export function readPhone(written: string, region: Region): string | null {
  const phone = parsePhoneNumberFromString(written.trim(), { defaultCountry: region, extract: false })
  // an extension cannot be kept in E.164, and without it the number reaches somebody else
  return phone?.isValid() && phone.ext === undefined ? phone.number : null
}
