import { amendSession, cancelSession, changeSession } from '@channelling/catalogue'
import { overClient } from '@channelling/schema'
import type { Chance } from '../support/chance'
import { SESSIONS } from './data'
import type { DatabaseServer } from './database'
import type { Scheduler } from './scheduler'

/** What the hospital itself does to sessions meanwhile, by the code of the catalogue: more or fewer places, a session cancelled. */
export function startHospital(
  changes: number,
  { scheduler, server, chance }: { scheduler: Scheduler; server: DatabaseServer; chance: Chance },
): { busy(): boolean } {
  let busy = true

  async function live(): Promise<void> {
    const database = overClient(server.connect())
    for (let count = 0; count < changes; count++) {
      await Bun.sleep(chance.next() * 4000)
      const id = 1 + chance.whole(SESSIONS)
      const act = { clientId: 1, now: Date.now() }
      const cancels = chance.next() < 0.25
      const capacity = chance.whole(7)
      scheduler.note(cancels ? `cancels session ${id}` : `gives session ${id} ${capacity} places`)
      // what it is refused, or not told, it lets be
      await amendSession(
        database,
        id,
        (session) => (cancels ? cancelSession(session, act.now) : changeSession(session, { capacity }, act.now)),
        act,
      ).catch(() => {})
    }
    busy = false
  }

  scheduler.after(scheduler.start('hospital'), 0, () => void live())
  return { busy: () => busy }
}
