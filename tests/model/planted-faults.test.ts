import { expect, setDefaultTimeout, test } from 'bun:test'
import { MINUTE_MS } from '@channelling/contract'
import type { Database } from '@channelling/schema'
import fc from 'fast-check'
import { seedFor } from '../support/chance'
import type { Desk, DeskGiven } from '../support/desk'
import { Divergence } from './divergence'
import { commandsIn, histories } from './history'
import { openDesk } from './hospital'
import { HOLD_MINUTES, HOLDS_PER_CLIENT } from './model'
import { replay } from './replay'

setDefaultTimeout(120_000)

const RUNS_MAX = 200

/** A fault in the database, as a trigger that spoils what is written there. */
const inDatabase = (trigger: string) => (database: Database) =>
  database.write([{ sql: `CREATE TRIGGER planted ${trigger}`, args: [] }])

interface Fault {
  plant?: (database: Database) => Promise<unknown>
  given?: Partial<DeskGiven>
  /** A fault in what is answered. */
  spoil?: (desk: Desk) => Desk
}

const faults: Record<string, Fault> = {
  'a number given back is not the first to be given again': {
    plant: inDatabase(`AFTER UPDATE OF released ON seat WHEN json_array_length(NEW.released) > 1 BEGIN
      UPDATE seat SET released = (SELECT json_group_array(value ORDER BY value DESC) FROM json_each(NEW.released))
        WHERE session_id = NEW.session_id; END`),
  },
  'a place more is sold than there is': {
    plant: inDatabase(`AFTER INSERT ON seat WHEN NEW.capacity > 0 BEGIN
      UPDATE seat SET capacity = capacity + 1 WHERE session_id = NEW.session_id; END`),
  },
  'a hold lasts a millisecond too long': { given: { holdMinutes: HOLD_MINUTES + 1 / MINUTE_MS } },
  'a hold ends a millisecond too soon': { given: { holdMinutes: HOLD_MINUTES - 1 / MINUTE_MS } },
  'a client may hold a place more than it should': { given: { holdsPerClient: HOLDS_PER_CLIENT + 1 } },
  'a move is not told': {
    plant: inDatabase(`AFTER INSERT ON event WHEN NEW.type = 'booking.rescheduled' BEGIN
      DELETE FROM event WHERE seq = NEW.seq; END`),
  },
  'a cancelled session is told of twice': {
    plant: inDatabase(`AFTER INSERT ON event WHEN NEW.type = 'session.cancelled' BEGIN
      INSERT INTO event (type, session_id, payload, at) VALUES (NEW.type, NEW.session_id, NEW.payload, NEW.at); END`),
  },
  'an answer is not kept for its Idempotency-Key': {
    plant: inDatabase(`AFTER INSERT ON answer BEGIN
      DELETE FROM answer WHERE client_id = NEW.client_id AND key = NEW.key; END`),
  },
  'a client reads the bookings of others': {
    spoil: (desk) => ({
      ...desk,
      call: (method, path, body, as) =>
        desk.call(method, path, body, method === 'GET' && path.includes('/bookings/') ? { ...as, client: 1 } : as),
    }),
  },
  'what is told of a session outlives the end of a hold': {
    spoil(desk) {
      const kept = new Map<string, ReturnType<Desk['call']>>()
      return {
        ...desk,
        call(method, path, body, as) {
          if (method !== 'GET') kept.clear()
          if (!/sessions\/\d+$/.test(path)) return desk.call(method, path, body, as)
          const answer = kept.get(path) ?? desk.call(method, path, body)
          if (method === 'GET') kept.set(path, answer)
          return answer
        },
      }
    },
  },
}

/** With `shrink`, the least history that shows the fault; those it begins with are short, since each attempt replays one. */
const find = async ({ plant, given, spoil = (desk) => desk }: Fault, shrink: boolean) => {
  await using sound = await openDesk(given)
  await plant?.(sound.database)
  const desk = spoil(sound)
  return await fc.check(
    fc.asyncProperty(histories(shrink ? 20 : 90), (steps) => replay(desk, steps)),
    { numRuns: RUNS_MAX, seed: seedFor('a planted fault'), endOnFailure: !shrink },
  )
}

test.each(Object.keys(faults))(`${RUNS_MAX} histories are enough to find that %s`, async (name) => {
  const { errorInstance, numRuns } = await find(faults[name]!, false)
  expect(errorInstance).toBeInstanceOf(Divergence)
  console.log(`found in history ${numRuns}`)
})

test('a failure is shrunk to the few commands that make it', async () => {
  const { counterexample } = await find(faults['a move is not told']!, true)
  expect(commandsIn(counterexample![0])).toBeLessThanOrEqual(8)
})
