import type { Chance } from '../support/chance'

/** How often things go wrong, and how slow they are. Rates are from 0 to 1 a message, pauses in milliseconds between one fault and the next. */
export interface Weather {
  latencyMs: number
  /** How often a message takes much longer, and how much longer at most. */
  slow: number
  slowMsMax: number
  /** Of requests to the database: it is not reached; it is not reached, or so it seems, and does it later all the same. */
  refused: number
  late: number
  /** Its answer is lost, at once or by the deadline, after it did what was asked. */
  answerLost: number
  /** Other writers keep it busy, for a moment or for some time. */
  busy: number
  busyMsMax: number
  hintLost: number
  /** Between callers and replicas. */
  callLost: number
  crashEveryMs: number
  restartEveryMs: number
  standstillEveryMs: number
  outageEveryMs: number
  cutEveryMs: number
}

export const calm: Weather = {
  latencyMs: 0.5,
  slow: 0,
  slowMsMax: 0,
  refused: 0,
  late: 0,
  answerLost: 0,
  busy: 0,
  busyMsMax: 0,
  hintLost: 0,
  callLost: 0,
  crashEveryMs: Number.POSITIVE_INFINITY,
  restartEveryMs: Number.POSITIVE_INFINITY,
  standstillEveryMs: Number.POSITIVE_INFINITY,
  outageEveryMs: Number.POSITIVE_INFINITY,
  cutEveryMs: Number.POSITIVE_INFINITY,
}

/** Each run has faults of its own: many of few kinds find what a little of everything does not. */
export function drawWeather(chance: Chance): Weather {
  const between = (least: number, most: number) => least * (most / least) ** chance.next()
  const maybe = (least: number, most: number) => (chance.next() < 0.6 ? between(least, most) : 0)
  const every = (least: number, most: number) => (chance.next() < 0.6 ? between(least, most) : Number.POSITIVE_INFINITY)
  return {
    latencyMs: between(0.1, 20),
    slow: maybe(0.01, 0.2),
    slowMsMax: between(20, 3000),
    refused: maybe(0.005, 0.15),
    late: maybe(0.005, 0.1),
    answerLost: maybe(0.005, 0.2),
    busy: maybe(0.01, 0.4),
    busyMsMax: between(1, 800),
    hintLost: maybe(0.05, 1),
    callLost: maybe(0.005, 0.1),
    crashEveryMs: every(300, 6000),
    restartEveryMs: every(500, 8000),
    standstillEveryMs: every(500, 8000),
    outageEveryMs: every(1500, 12_000),
    cutEveryMs: every(100, 4000),
  }
}
