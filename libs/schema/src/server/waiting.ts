import { faultOf } from '../faults'

/** What a start has to wait for, in words for whoever looks at its log. */
export type WaitedFor =
  | 'the database server does not answer'
  | 'another process brings the database to the present schema'
  | 'others keep the database busy'

const PAUSE_MS = 250

/** What is to be waited for after such a fault; undefined where waiting helps nobody. */
export function waitedForBy(error: unknown, whereBusy: WaitedFor): WaitedFor | undefined {
  const fault = faultOf(error)
  if (fault.isUnreachable) return 'the database server does not answer'
  return fault.isBusy ? whereBusy : undefined
}

export const pauseBetween = () => Bun.sleep(PAUSE_MS / 2 + (Math.random() * PAUSE_MS) / 2)

/**
 * Does what a start asks of the database, again while nobody answers or others keep it busy: it must do no harm twice.
 * @param onWaiting called once for each thing that is waited for
 */
export async function whenAnswered<Answer>(
  ask: () => Promise<Answer>,
  onWaiting: (what: WaitedFor) => void,
): Promise<Answer> {
  const told = new Set<WaitedFor>()
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const what = waitedForBy(error, 'others keep the database busy')
      if (!what) throw error
      if (!told.has(what)) onWaiting(what)
      told.add(what)
      await pauseBetween()
    }
  }
}
