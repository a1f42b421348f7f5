/** Chance that can be repeated: the same seed gives the same choices. */
export interface Chance {
  /** From 0 up to, but not including, 1. */
  next(): number
  /** A whole number from 0 up to, but not including, `below`. */
  whole(below: number): number
  one<Item>(of: readonly Item[]): Item
}

/** The seed in the environment variable `SEED`, or a new one. It is printed, so that a failure can be looked at again. */
export function seedFor(name: string): number {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${name}: SEED=${seed}`)
  return seed
}

/** Chance from the seed that `SEED` names, or from a new one. */
export const chanceFor = (name: string): Chance => chanceOf(seedFor(name))

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number) => Math.floor(next() * below)
  return { next, whole, one: (of) => of[whole(of.length)]! }
}
