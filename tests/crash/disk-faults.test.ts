import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBooks } from '../support/books'
import { isBrought } from '../support/log'
import { afterPowerCut } from '../support/power-cut'
import { watch } from '../support/strace'
import { book } from './promises'
import { dataPaths, startWalk, takeStep, walk } from './steps'

setDefaultTimeout(300_000)

const nightly = process.env.NIGHTLY === '1'

test.each(['EIO', 'ENOSPC'] as const)(
  '%s at any write or fsync of a booking: nothing is acknowledged that a power cut would take, it says that it is not ready, and leaves',
  async (what) => {
    await using on = await startWalk()
    const { mishaps, faults } = await walk(on, what)
    console.log(`${mishaps} × ${what}`)
    expect(faults).toEqual([])
    expect(mishaps).toBeGreaterThan(10)
  },
)

// as many again, and slower
test.each(nightly ? (['EIO', 'ENOSPC'] as const) : [])(
  '%s where the log is brought to the file at once: nothing is acknowledged that a power cut would take',
  async (what) => {
    await using on = await startWalk('empties the log often')
    const { mishaps, faults } = await walk(on, what)
    expect(faults).toEqual([])
    expect(mishaps).toBeGreaterThan(20)
  },
)

test('what the disk refused is written anew before anything is answered from it', async () => {
  await using on = await startWalk()
  const { server } = on
  // of a start that finds a log already emptied, as this one's next does
  await takeStep(on, 'kill')
  const { calls } = await takeStep(on, 'kill')
  const last = calls.filter(({ name }) => name === 'fsync').length
  const asked = { name: 'refused', body: { sessionInstanceId: 1, patientId: 1, reference: 'refused' } }
  const isIn = (folder: string) => readBooks(folder).bookings.some(({ reference }) => reference === asked.name)

  const watching = await watch(server.pid, dataPaths(server), { call: 'fsync', at: last, what: 'error=EIO' })
  expect((await book(server, asked))?.status).toBe(503)
  expect(await server.exited).toBe(70)
  const made = await watching.end()
  // the log shows it to whoever starts next, and the disk does not have it
  expect(isIn(server.dataDir)).toBe(true)
  expect(afterPowerCut(server.dataDir, made, isIn)).toBe(false)
  expect(withoutLog(server.dataDir, isIn)).toBe(false)

  await server.restart()
  expect(withoutLog(server.dataDir, isIn)).toBe(true)
  const again = await book(server, asked)
  expect([again?.status, again?.headers.get('idempotent-replay')]).toEqual([201, 'true'])
})

// nothing but what brings the log to the file makes this call, in a thread of its own
test('EIO while the log is brought to the file: what was acknowledged is kept, and it leaves', async () => {
  await using on = await startWalk('empties the log often')
  const { server } = on
  // ids are taken by a write of their own, whose log is brought as well
  const before = { name: 'before', body: { sessionInstanceId: 1, patientId: 1, reference: 'before' } }
  expect((await book(server, before))?.status).toBe(201)
  while (!isBrought(server.dataDir)) await Bun.sleep(2)
  const watching = await watch(server.pid, dataPaths(server), { call: 'fdatasync', at: 1, what: 'error=EIO' })
  const asked = { name: 'kept', body: { sessionInstanceId: 1, patientId: 1, reference: 'kept' } }
  const first = await book(server, asked)
  expect(first?.status).toBe(201)
  expect(await server.exited).toBe(70)
  await watching.end()
  await server.restart()
  const again = await book(server, asked)
  expect([again?.text, again?.headers.get('idempotent-replay')]).toEqual([first?.text, 'true'])
})

test('the check sees a server that carries on after a disk fault', async () => {
  await using on = await startWalk('carries on')
  const mishap = { call: 'fsync', at: 1, what: 'error=EIO' } as const
  const { faults } = await takeStep(on, 'disk fault', mishap)
  expect(faults).toContain('its readiness was 200')
  expect(faults).toContain('the next write was answered by 201')
  expect(faults.join('\n')).toContain('it left with not at all')
})

/** The data without what is only in the log. */
function withoutLog<Result>(dataDir: string, use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'without-log-'))
  try {
    copyFileSync(join(dataDir, 'channelling.db'), join(folder, 'channelling.db'))
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
