import { MINUTE_MS } from '@channelling/contract'
import fc from 'fast-check'
import type { Settable } from './model'

/** What somebody asks of bookings. Sessions, patients and bookings are named by their place in the history. */
export type Act = { client: Who; key?: number } & (
  | {
      act: 'book'
      session: number
      patient: number
      number?: number
      reference?: number
      foreigner?: boolean
      paymentMethod: 'OnCall' | 'Cash'
      hold: boolean
    }
  | { act: 'cancel'; booking: number; by: 'patient' | 'hospital' }
  | { act: 'reschedule'; booking: number; session: number }
  | { act: 'complete'; booking: number; paymentMethod?: 'Card' }
)

/** `maker`: whoever made the booking. */
export type Who = 'desk' | 'portal' | 'agency' | 'maker'

export type Step =
  | { step: 'act'; acts: Act[]; sweeping: boolean }
  | { step: 'wait'; ms: number }
  /** Until so many ms after the end of a hold or a session. */
  | { step: 'until'; of: 'hold' | 'session'; which: number; ms: number }
  | { step: 'change'; session: number; status?: Settable; capacity?: number; longer?: boolean }
  | { step: 'cancel session'; session: number }
  | { step: 'sweep' }
  | { step: 'read'; what: 'booking' | 'history' | 'patient' | 'sessions'; which: number; client: Who }

/** Sessions that there are; the number after them is of one that there is not. */
export const SESSIONS = 5
export const PATIENTS = 3

const session = fc.nat({ max: SESSIONS - 1 })
const anySession = fc.oneof({ weight: 24, arbitrary: session }, { weight: 1, arbitrary: fc.constant(SESSIONS) })
const anyPatient = fc.oneof(
  { weight: 24, arbitrary: fc.nat({ max: PATIENTS - 1 }) },
  { weight: 1, arbitrary: fc.constant(PATIENTS) },
)
/** Counted from the latest. */
const booking = fc.nat({ max: 11 })
const client = fc.constantFrom<Who[]>('desk', 'maker', 'portal', 'agency')
const seldom = <Value>(arbitrary: fc.Arbitrary<Value>, oneIn: number) =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: oneIn - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary },
  )

const named = { client, key: seldom(fc.nat({ max: 2 }), 8) }

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('book' as const),
      ...named,
      session: anySession,
      patient: anyPatient,
      number: seldom(fc.constantFrom(1, 2, 4, 5, 6, 12), 6),
      reference: seldom(fc.nat({ max: 4 }), 5),
      foreigner: seldom(fc.boolean(), 4),
      paymentMethod: fc.constantFrom('OnCall' as const, 'Cash' as const),
      hold: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('cancel' as const),
      ...named,
      booking,
      by: fc.constantFrom('patient' as const, 'patient' as const, 'hospital' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('reschedule' as const), ...named, booking, session: anySession }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('complete' as const),
      ...named,
      booking,
      paymentMethod: seldom(fc.constant('Card' as const), 2),
    }),
  },
)

const edge = fc.constantFrom(0, -1, 1)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      step: fc.constant('act' as const),
      acts: fc.array(act, { minLength: 1, maxLength: 1 }),
      sweeping: fc.constant(false),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('act' as const),
      acts: fc.array(act, { minLength: 1, maxLength: 8, size: 'max' }),
      sweeping: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 500, 1000, 5 * MINUTE_MS, 10 * MINUTE_MS, 21 * MINUTE_MS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('until' as const),
      of: fc.constantFrom('hold' as const, 'hold' as const, 'hold' as const, 'session' as const),
      which: fc.nat({ max: SESSIONS - 1 }),
      ms: edge,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant('change' as const),
      session,
      status: fc.oneof(
        { weight: 3, arbitrary: fc.constant<Settable>('Available') },
        { weight: 3, arbitrary: fc.constantFrom<Settable[]>('Hold', 'Holiday') },
        { weight: 1, arbitrary: fc.constantFrom<Settable[]>('Started', 'Ended') },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant('change' as const),
      session,
      capacity: seldom(fc.nat({ max: 6 }), 2).map((capacity) => capacity ?? 3),
      longer: seldom(fc.constant(true), 4),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('cancel session' as const), session }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'sweep' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('read' as const),
      what: fc.constantFrom('booking' as const, 'history' as const, 'patient' as const, 'sessions' as const),
      which: fc.nat({ max: 11 }),
      client,
    }),
  },
)

/** How many commands a history asks for. */
export const commandsIn = (steps: readonly Step[]) =>
  steps.reduce((sum, one) => sum + (one.step === 'act' ? one.acts.length : 1), 0)

/** Anything that may happen, in any order. */
export const histories = (stepsMax: number) => fc.array(step, { maxLength: stepsMax, size: 'max' })
