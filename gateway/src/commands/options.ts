/** What the options of `keys` may be. Each reading throws WrongUsage for what it cannot be. */
import {
  type Access,
  accesses,
  type Calendar,
  type Instant,
  isDay,
  type Paging,
  paging,
  Refusal,
  type Scope,
  scopes,
} from '@channelling/contract'
import { expiryOf as expiryOfKey } from '../administration/rules/expiry'
import { WrongUsage } from './command'

export function scopesOf(given: string): readonly Scope[] {
  if (given === 'all') return scopes
  const wanted = given.split(',').map((scope) => scope.trim())
  const unknown = wanted.find((scope) => !(scopes as readonly string[]).includes(scope))
  if (unknown !== undefined) throw new WrongUsage(`There is no scope "${unknown}"`)
  return wanted as Scope[]
}

export function accessOf(given: string | undefined): Access | undefined {
  const access = accesses.find((known) => known === given)
  if (given !== undefined && !access) throw new WrongUsage('--access is own or all')
  return access
}

/** Until when a key works, as it was given: a last day, or a moment. */
export const expiryOf = (given: string | undefined, calendar: Calendar, now: Instant): string | undefined =>
  given === undefined ? undefined : readAs(given, () => expiryOfKey(given, '--expires', calendar, now))

/** An end of a range of time, as it was given: a day or a moment. */
export const momentOf = (option: 'from' | 'to', given: string | undefined, calendar: Calendar): string | undefined =>
  given === undefined ? undefined : readAs(given, () => calendar.read(given, `--${option}`))

/** What was given, once it is sure that it can be read. */
function readAs(given: string, read: () => Instant): string {
  try {
    read()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new WrongUsage((error.details.fields ?? []).map(({ path, message }) => `${path} ${message}`).join('; '))
  }
  return given
}

export function pagingOf(given: { page?: string; size?: string }): Paging {
  const read = (option: 'page' | 'size') => {
    const asked = paging[option].safeParse(given[option])
    if (!asked.success) throw new WrongUsage(`--${option} ${asked.error.issues[0]?.message}`)
    return asked.data
  }
  return { page: read('page'), size: read('size') }
}

/** The same day next year, of a moment as `yyyy-MM-dd HH:mm:ss`; the day before a 29 February that there is not. */
export function aYearFrom(now: string): string {
  const day = `${Number(now.slice(0, 4)) + 1}${now.slice(4, 10)}`
  return isDay(day) ? day : day.replace('02-29', '02-28')
}

/** In minutes. */
export function overlapOf(given: string | undefined): number | undefined {
  if (given !== undefined && !/^\d{1,6}$/.test(given)) throw new WrongUsage('--overlap is a whole number of minutes')
  return given === undefined ? undefined : Number(given)
}
