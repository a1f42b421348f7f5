/** What the options of the key commands may be. Each reading throws WrongUsage for what it cannot be. */
import { type Access, accesses, isDay, type Scope, scopes } from '@channelling/contract'
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

/** The last day of a key. `now` is `yyyy-MM-dd HH:mm:ss` in the hospital's zone. */
export function expiryOf(given: string | undefined, now: string): string | undefined {
  if (given === undefined) return undefined
  if (!isDay(given)) throw new WrongUsage('--expires is a date that exists, as yyyy-MM-dd')
  if (given < now.slice(0, 10)) throw new WrongUsage('--expires is today or later')
  return given
}

/** The same day next year; the day before a 29 February that there is not. */
export function aYearFrom(now: string): string {
  const day = `${Number(now.slice(0, 4)) + 1}${now.slice(4, 10)}`
  return isDay(day) ? day : day.replace('02-29', '02-28')
}

/** In minutes. */
export function overlapOf(given: string | undefined): number | undefined {
  if (given !== undefined && !/^\d{1,6}$/.test(given)) throw new WrongUsage('--overlap is a whole number of minutes')
  return given === undefined ? undefined : Number(given)
}
