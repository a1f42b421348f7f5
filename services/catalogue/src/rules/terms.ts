/** What a schedule and the sessions made from it may say. */
export const limits = {
  capacity: { min: 0, max: 100_000 },
  startingNumber: { min: 1, max: 100_000 },
  reservedNumber: { min: 1, max: 200_000 },
  reservedNumbers: 1000,
  minutesPerPatient: { min: 1, max: 1440 },
  /** In cents. */
  fee: { min: 0, max: 100_000_000_00 },
} as const

/** Monday first, as `weekdayOf` counts from 1. */
export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
export type Weekday = (typeof weekdays)[number]

/** Minutes after midnight of `HH:mm`, up to the `24:00` that ends a day; null for what is no time. */
export function minuteOfDay(text: string): number | null {
  if (text === '24:00') return 1440
  const time = /^(\d|[01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  return time ? Number(time[1]) * 60 + Number(time[2]) : null
}

export const timeOfDay = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** Each number once, ascending. */
export const inOrder = (numbers: number[]) => [...new Set(numbers)].sort((a, b) => a - b)
