import { expect, test } from 'bun:test'
import { Refusal, type SessionState, type SessionStatus, sessionStatus, sessionStatuses } from '@channelling/contract'
import { cancel, giveStatus, type SettableStatus, settableStatuses } from './transitions'

const NOW = 1_000_000
const available: SessionState = {
  holiday: false,
  endedAt: null,
  cancelledAt: null,
  startedAt: null,
  heldAt: null,
  endsAt: NOW + 1,
  capacity: 2,
  taken: 0,
}

const inStatus: Record<SessionStatus, SessionState> = {
  Available: available,
  Full: { ...available, taken: 2 },
  Hold: { ...available, heldAt: 1 },
  Started: { ...available, startedAt: 1 },
  Cancelled: { ...available, cancelledAt: 1 },
  Ended: { ...available, endsAt: NOW },
  Holiday: { ...available, holiday: true },
}

/** What each may become; itself is nothing new. */
const allowed: Record<SessionStatus, SettableStatus[]> = {
  Available: ['Hold', 'Holiday', 'Started', 'Ended'],
  Full: ['Hold', 'Holiday', 'Started', 'Ended'],
  Hold: ['Available', 'Holiday', 'Started', 'Ended'],
  Started: ['Available', 'Ended'],
  Cancelled: [],
  Ended: [],
  Holiday: ['Available'],
}

for (const from of sessionStatuses) {
  for (const to of settableStatuses) {
    const nothing = from === to || (from === 'Full' && to === 'Available')
    const may = allowed[from].includes(to)
    test(`a session that is ${from} ${nothing ? 'stays so when told to be' : may ? 'can become' : 'cannot become'} ${to}`, () => {
      const ask = () => giveStatus(inStatus[from], to, NOW)
      if (nothing) return expect(ask()).toBeNull()
      if (!may) return expect(ask).toThrow(Refusal)
      expect(sessionStatus({ ...inStatus[from], ...ask()!.decisions }, NOW)).toBe(to)
    })
  }
}

test('a session is cancelled, booked or not, unless it has ended; doing so again is nothing', () => {
  for (const from of ['Available', 'Hold', 'Started', 'Holiday'] as const) {
    expect(sessionStatus({ ...inStatus[from], ...cancel(inStatus[from], NOW) }, NOW)).toBe('Cancelled')
  }
  expect(cancel(inStatus.Cancelled, NOW)).toBeNull()
  expect(() => cancel(inStatus.Ended, NOW)).toThrow('Ended')
  expect(cancel({ ...available, taken: 1 }, NOW)).toMatchObject({ cancelledAt: NOW })
})
