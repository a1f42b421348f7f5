import type { Chance } from '../support/chance'
import type { Scheduler } from './scheduler'
import { calm, type Weather } from './weather'

/** What lies between the processes. */
export interface Network {
  weather(): Weather
  /** From now on nothing goes wrong. */
  calmDown(): void
  /** How long a message takes. */
  delay(): number
  /** Whether something of such a rate happens now. */
  hits(rate: number): boolean
}

export function createNetwork(drawn: Weather, chance: Chance, scheduler: Scheduler): Network {
  let weather = drawn
  return {
    weather: () => weather,
    calmDown() {
      weather = calm
      scheduler.note('nothing goes wrong from now on')
    },
    delay() {
      const usual = weather.latencyMs * (0.5 + chance.next())
      return chance.next() < weather.slow ? usual + chance.next() * weather.slowMsMax : usual
    },
    hits: (rate) => rate > 0 && chance.next() < rate,
  }
}
