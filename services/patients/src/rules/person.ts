import type { Calendar, Day } from '@channelling/contract'
import { isName, nameKeyOf } from './name'
import { birthYearOf, type Nic, readNic } from './nic'
import { readPassport } from './passport'
import { type Region, readPhone } from './phone'

export const sexes = ['Male', 'Female', 'Other', 'Unknown'] as const
export type Sex = (typeof sexes)[number]

/** What a hospital keeps of somebody. */
export interface Person {
  title: string | null
  name: string
  /** See `nameKeyOf`. */
  nameKey: string
  sex: Sex | null
  dob: Day | null
  /** E.164. */
  phone: string | null
  nic: string | null
  /** See `Nic`. */
  nicKey: string | null
  passport: string | null
  /** In lower case. */
  email: string | null
  address: string | null
  foreigner: boolean
}

/** What somebody tells of a person. Undefined says nothing; null says that there is none. */
export interface Told {
  title?: string | null
  name?: string
  sex?: Sex | null
  /** `yyyy-MM-dd`, or with ` HH:mm:ss`; the day alone is kept. */
  dob?: string | null
  phone?: string | null
  nic?: string | null
  passport?: string | null
  email?: string | null
  address?: string | null
  foreigner?: boolean | null
}

export interface Fault {
  /** Null when it lies in what is missing altogether. */
  property: keyof Told | null
  message: string
}

export const nobody: Person = {
  title: null,
  name: '',
  nameKey: '',
  sex: null,
  dob: null,
  phone: null,
  nic: null,
  nicKey: null,
  passport: null,
  email: null,
  address: null,
  foreigner: false,
}

/**
 * The person once what is told holds too, and every fault in it. What is not told stays as it was.
 * @param today in the hospital's zone
 */
export function withTold(
  person: Person,
  told: Told,
  { region, today, calendar }: { region: Region; today: Day; calendar: Pick<Calendar, 'at'> },
): { person: Person; faults: Fault[] } {
  const faults: Fault[] = []
  const next = { ...person }

  /** What is read of a property; null where there is none, or a fault where it cannot be read. */
  function read<Value>(
    property: keyof Told,
    written: string | null,
    reader: (written: string) => Value | null,
    must: string,
  ): Value | null {
    if (written === null) return null
    const value = reader(written)
    if (value === null) faults.push({ property, message: must })
    return value
  }

  if (told.title !== undefined) next.title = told.title
  if (told.name !== undefined) {
    next.name = read('name', told.name, (name) => (isName(name) ? name : null), 'must hold a letter') ?? ''
    next.nameKey = nameKeyOf(next.name)
  }
  if (told.sex !== undefined) next.sex = told.sex
  if (told.dob !== undefined) {
    next.dob = read('dob', told.dob, (dob) => birthday(dob, today), 'must not be in the future')
    if (next.dob && told.dob && isSkipped(told.dob, calendar)) {
      const message = 'must be a local time that exists; a clock change skips this one'
      faults.push({ property: 'dob', message })
    }
  }
  if (told.phone !== undefined) {
    next.phone = read('phone', told.phone, (phone) => readPhone(phone, region), 'must be a phone number')
  }
  if (told.nic !== undefined) {
    const must = 'must be an NIC: nine digits and V or X, or twelve digits'
    const nic = read('nic', told.nic, (written) => nicBornBy(written, today), must)
    next.nic = nic?.nic ?? null
    next.nicKey = nic?.nicKey ?? null
  }
  if (told.passport !== undefined) {
    next.passport = read(
      'passport',
      told.passport,
      readPassport,
      'must be a passport number: 5 to 20 letters and digits',
    )
  }
  if (told.email !== undefined) next.email = told.email?.toLowerCase() ?? null
  if (told.address !== undefined) next.address = told.address
  if (told.foreigner !== undefined) next.foreigner = told.foreigner ?? false

  if (faults.length === 0 && !isTraceable(next)) {
    faults.push({ property: null, message: 'must have at least one of phone, nic, passport, email' })
  }
  return { person: next, faults }
}

/** A name alone is nobody in particular: something has to lead back to the person. */
const isTraceable = ({ phone, nic, passport, email }: Person) => (phone ?? nic ?? passport ?? email) !== null

function birthday(written: string, today: Day): Day | null {
  const day = written.slice(0, 10)
  return day <= today ? day : null
}

/** A clock change that skips midnight skips no day, and at midnight is how a day is answered. */
function isSkipped(written: string, { at }: Pick<Calendar, 'at'>): boolean {
  const time = written.slice(11)
  if (time === '' || time === '00:00:00') return false
  const [hours, minutes] = time.split(':').map(Number) as [number, number]
  return at(written.slice(0, 10), hours * 60 + minutes) === null
}

function nicBornBy(written: string, today: Day): Nic | null {
  const nic = readNic(written)
  return nic && birthYearOf(nic.nicKey) <= Number(today.slice(0, 4)) ? nic : null
}
