import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from '@channelling/schema'
import { type BookingIds, bookingIds } from './ids'

let folder: string
let database: Database
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ids-'))
  database = await open({ url: `file:${folder}/channelling.db` })
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Ids, with how many writes of their own they made. */
function countingWrites() {
  let writes = 0
  const counted = bookingIds({
    ...database,
    write: (statements, options) => {
      writes++
      return database.write(statements, options)
    },
  })
  return { counted, writes: () => writes }
}

test('replicas that take, use, give back and are killed as they like never hand out one id twice', async () => {
  const given: number[] = []
  const replicas: BookingIds[] = Array.from({ length: 4 }, () => bookingIds(database))
  /** One replica's life: a group after the other, none waiting for those of the others. */
  const live = async (replica: number) => {
    for (let group = 0; group < 150; group++) {
      const ids = replicas[replica]!
      const count = 1 + ((group * 7 + replica * 13) % 256)
      const first = await ids.setAside(count)
      // a group that is decided again takes the same ids, as long as none was used
      if (group % 11 === 0) expect(await ids.setAside(count)).toBe(first)
      const used = group % 5 === 0 ? 0 : count
      for (let id = first; id < first + used; id++) given.push(id)
      ids.used(first + used)
      if (group % 9 === 4) {
        if (group % 2 === 0) await ids.giveBack()
        replicas[replica] = bookingIds(database)
      }
    }
  }
  await Promise.all(replicas.map((_, replica) => live(replica)))
  expect(given.length).toBeGreaterThan(10_000)
  expect(new Set(given).size).toBe(given.length)
})

test('ids that were given stay given, whatever a group says that began before', async () => {
  const ids = bookingIds(database)
  const first = await ids.setAside(1)
  ids.used(first + 1)
  // it asked for none, and was decided later
  ids.used(first)
  expect(await ids.setAside(1)).toBe(first + 1)
})

test('a write that takes a range along spares the groups after it a write of their own', async () => {
  const ids = bookingIds(database)
  const { counted, writes } = countingWrites()
  const given: number[] = []
  for (let group = 0; group < 200; group++) {
    const first = await counted.setAside(32)
    counted.used(first + 32)
    given.push(...Array.from({ length: 32 }, (_, index) => first + index))
    // beside it another one takes ranges too
    if (group % 50 === 0) ids.used((await ids.setAside(256)) + 256)
    const { statements, saved } = counted.ahead()
    if (statements.length > 0) saved(await database.write(statements))
  }
  expect(writes()).toBe(1)
  expect(new Set(given).size).toBe(200 * 32)
  // a range that nobody came between goes on where the one before ended
  const gaps = given.filter((id, index) => index > 0 && id !== given[index - 1]! + 1)
  expect(gaps.length).toBeLessThanOrEqual(4)
})

test('so does one of the largest groups, each of which is decided before the one before it is saved', async () => {
  const { counted, writes } = countingWrites()
  const given: number[] = []
  let save = async () => {}
  for (let group = 0; group < 50; group++) {
    const first = await counted.setAside(256)
    counted.used(first + 256)
    given.push(...Array.from({ length: 256 }, (_, index) => first + index))
    const { statements, saved } = counted.ahead()
    await save()
    save = async () => saved(await database.write(statements))
  }
  expect(writes()).toBe(1)
  expect(new Set(given).size).toBe(50 * 256)
})
