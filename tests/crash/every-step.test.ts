import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { aHospital } from '../support/hospital'
import type { FileCall } from '../support/strace'
import { askAgain, startWalk, takeStep, type Walk, walk } from './steps'

setDefaultTimeout(300_000)

test('killed at any write or fsync of a booking, it keeps what it acknowledged, and no half of anything, and each booking is made once when it is asked for again', async () => {
  await using on = await startWalk()
  const { mishaps, faults } = await walk(on, 'kill')
  console.log(`${mishaps} kills`)
  expect(faults).toEqual([])
  // ids and the booking itself are two commits, each of several pages and an fsync
  expect(mishaps).toBeGreaterThan(10)
})

test('so it does where its log is brought to the file at once', async () => {
  await using on = await startWalk('empties the log often')
  const { mishaps, faults } = await walk(on, 'kill')
  console.log(`${mishaps} kills`)
  expect(faults).toEqual([])
  expect(mishaps).toBeGreaterThan(20)
})

test('so it does when it is killed at any write to the file itself', async () => {
  await using on = await startWalk('empties the log often')
  on.paths = [join(on.server.dataDir, 'channelling.db')]
  const { mishaps, faults } = await walk(on, 'kill')
  console.log(`${mishaps} kills`)
  expect(faults).toEqual([])
  expect(mishaps).toBeGreaterThan(10)
})

/** Kills at the first call of a kind, then at the second, until something is wrong. */
async function killUntilWrong(on: Walk, call: FileCall, most: number): Promise<string[]> {
  for (let at = 1; at <= most; at++) {
    const { faults } = await takeStep(on, 'kill', { call, at, what: 'signal=KILL' })
    if (faults.length > 0) return faults
  }
  return []
}

test('the check sees an answer that goes out before the commit', async () => {
  await using on = await startWalk('answers first')
  expect(await killUntilWrong(on, 'pwrite64', 30)).toContainEqual(
    expect.stringMatching(/^afterwards: booking \d+ was promised and is lost$/),
  )
})

test('the check sees a commit that does not wait for the disk', async () => {
  await using on = await startWalk('never waits for the disk')
  const { faults } = await takeStep(on, 'kill')
  expect(faults).toContainEqual(expect.stringMatching(/^after a power cut: booking \d+ was promised and is lost$/))
  // a kill alone takes nothing: the system has it
  expect(faults.filter((fault) => fault.startsWith('afterwards'))).toEqual([])
})

test('the check sees a booking that is half there', async () => {
  await using on = await startWalk('commits by halves')
  expect((await killUntilWrong(on, 'fsync', 10)).join('\n')).toMatch(
    /^afterwards: (session 1 (counts|has numbers)|booking \d+ has no event)/m,
  )
})

test('the check sees a booking that is made twice, where neither answers are kept nor references are unique', async () => {
  const seed = aHospital()
  await using on = await startWalk('forgets who asked', async (database) => {
    await seed(database)
    await database.write([{ sql: 'DROP INDEX booking_reference', args: [] }])
  })
  await takeStep(on, 'kill')
  expect(await askAgain(on)).toContain('there are 2 of step-1')
})
