/** The places of a session. */
export interface Seats {
  /** 0: unlimited. */
  capacity: number
  taken: number
  /** The lowest number never given yet, reserved numbers passed over. */
  nextNumber: number
  /** Numbers given back, ascending; all below `nextNumber`. */
  released: readonly number[]
}

export const isFull = ({ capacity, taken }: Seats): boolean => capacity > 0 && taken >= capacity

/** The number that the next booking gets: the lowest free one. */
export const nextFreeNumber = ({ released, nextNumber }: Seats): number => released[0] ?? nextNumber

/** Takes the lowest free number; reserved numbers are passed over. The caller has made sure that there is a place. */
export function takeNumber<S extends Seats>(seats: S, reserved: ReadonlySet<number>): { number: number; seats: S } {
  const number = nextFreeNumber(seats)
  const taken = seats.taken + 1
  if (seats.released.length > 0) return { number, seats: { ...seats, taken, released: seats.released.slice(1) } }
  let nextNumber = number + 1
  while (reserved.has(nextNumber)) nextNumber++
  return { number, seats: { ...seats, taken, nextNumber } }
}

/** Takes a reserved number, which lies outside the row of the others. The caller has made sure that it is free. */
export const takeReserved = <S extends Seats>(seats: S): S => ({ ...seats, taken: seats.taken + 1 })

/** Gives a number back, to be the next one given if it is the lowest. A reserved number stays reserved. */
export function releaseNumber<S extends Seats>(seats: S, number: number, reserved: ReadonlySet<number>): S {
  const taken = seats.taken - 1
  if (reserved.has(number)) return { ...seats, taken }
  const after = seats.released.findIndex((released) => released > number)
  const place = after === -1 ? seats.released.length : after
  return { ...seats, taken, released: seats.released.toSpliced(place, 0, number) }
}
