import { expect, test } from 'bun:test'
import { type SessionState, type SessionStatus, sessionStatus } from '@channelling/contract'

const NOW = 1_000_000
const open: SessionState = {
  holiday: false,
  endedAt: null,
  cancelledAt: null,
  startedAt: null,
  heldAt: null,
  endsAt: NOW + 1,
  capacity: 2,
  taken: 1,
}

const cases: [string, Partial<SessionState>, SessionStatus][] = [
  ['with a place left', {}, 'Available'],
  ['with its last place taken', { taken: 2 }, 'Full'],
  ['without a limit', { capacity: 0, taken: 10_000 }, 'Available'],
  ['whose end is this very instant', { endsAt: NOW }, 'Ended'],
  ['whose end was an instant ago', { endsAt: NOW - 1 }, 'Ended'],
  ['put on hold, though full', { heldAt: 1, taken: 2 }, 'Hold'],
  ['started, though on hold', { startedAt: 1, heldAt: 1 }, 'Started'],
  ['cancelled, though started', { cancelledAt: 1, startedAt: 1 }, 'Cancelled'],
  ['ended, though cancelled', { endedAt: 1, cancelledAt: 1 }, 'Ended'],
  ['cancelled, and past its end', { cancelledAt: 1, endsAt: NOW }, 'Ended'],
  ['on a holiday, whatever else holds', { holiday: true, endedAt: 1, cancelledAt: 1, startedAt: 1 }, 'Holiday'],
]

for (const [what, different, status] of cases) {
  test(`a session ${what} is ${status}`, () => {
    expect(sessionStatus({ ...open, ...different }, NOW)).toBe(status)
  })
}
