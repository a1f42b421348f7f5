import { expect, test } from 'bun:test'
import { sqld } from './servers'

test('what the database says of its own orderly end is not passed on, and what it says of a fault is', () => {
  const { tells } = sqld('/data', 1, 2)
  const ofFaults = [
    '2026-11-26T11:33:44.440979Z ERROR libsql_server::hrana::ws: hrana server loop exited',
    '2026-11-26T11:33:44.440979Z ERROR libsql_server: database disk image is malformed',
  ].filter((line) => tells!(line))
  expect(ofFaults).toEqual(['2026-11-26T11:33:44.440979Z ERROR libsql_server: database disk image is malformed'])
})
