import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, SKIPPED_IDS } from '@channelling/schema'
import { type Asked, book, broken, type Promised } from '../crash/promises'
import { faultsIn, readBooks } from '../support/books'
import { command } from '../support/command'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import { type Server, startServer } from '../support/server'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

/** A data file serves one process alone: where services are apart there is none to speak of. */
const hasFile = !isApart

/** Bookings that are under way at a time, and how many are acknowledged before and after the backup is made. */
const IN_FLIGHT = 24
const ACKNOWLEDGED = 300
const SESSIONS = 4
const PATIENTS = 20

function aFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'drill-'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

const hospital = () =>
  startServer({
    seed: aHospital({
      sessions: Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 })),
      patients: PATIENTS,
    }),
  })

const asked = (index: number): Asked => ({
  name: `drill-${index}`,
  body: { sessionInstanceId: 1 + (index % SESSIONS), patientId: 1 + (index % PATIENTS), reference: `drill-${index}` },
})

/** Callers who book one after the other until they are told to stop, or the server is gone. */
function stream(server: Server) {
  const promised: Promised[] = []
  const last = { index: 0 }
  let going = true
  const callers = Array.from({ length: IN_FLIGHT }, async () => {
    while (going) {
      const reply = await book(server, asked(last.index++))
      if (!reply) return
      expect(reply.status).toBe(201)
      promised.push(reply.body.data)
    }
  })
  return {
    promised,
    async until(count: number) {
      while (promised.length < count) await Bun.sleep(1)
    },
    /** How many were asked for in all. */
    async stop(): Promise<number> {
      going = false
      await Promise.all(callers)
      return last.index
    },
  }
}

/** Ids under which two bookings were acknowledged: who kept one would find the other. */
function confused(acknowledged: Promised[]): number[] {
  const references = new Map<number, string>()
  return acknowledged.flatMap(({ id, reference }) => {
    const other = references.get(id)
    references.set(id, reference)
    return other === undefined || other === reference ? [] : [id]
  })
}

/** Backs up in the midst of bookings, goes on booking, and kills the server. */
async function drill(server: Server, backup: string) {
  const booking = stream(server)
  await booking.until(ACKNOWLEDGED)
  const before = [...booking.promised]
  const made = await command('backup', ['--to', backup], { DATA_DIR: server.dataDir })
  expect([made.code, made.out]).toEqual([0, backup])
  await booking.until(booking.promised.length + ACKNOWLEDGED)
  await server.kill()
  const count = await booking.stop()
  return { before, acknowledged: booking.promised, count }
}

const restoring = (backup: string, dataDir: string, ...more: string[]) =>
  command('restore', ['--from', backup, ...more], { DATA_DIR: dataDir })

test('the drill: a backup among bookings, a kill, a restore elsewhere: what was acknowledged before the backup is there, nothing is there half, and no id is given to two', async () => {
  if (!hasFile) return
  using scratch = aFolder()
  await using server = await hospital()
  const backup = join(scratch.folder, 'backup.db')
  const { before, acknowledged, count } = await drill(server, backup)

  const dataDir = join(scratch.folder, 'elsewhere')
  const restored = await restoring(backup, dataDir)
  expect([restored.code, restored.out]).toEqual([0, expect.stringMatching(/^Restored \d+ bookings, the last of /)])
  const books = readBooks(dataDir)
  expect(faultsIn(books)).toEqual([])
  expect(broken(before, books)).toEqual([])
  // the check sees what is missing: of what came after, some is
  const lost = broken(acknowledged, books)
  expect(lost.length).toBeGreaterThan(0)
  expect(lost.filter((fault) => !fault.endsWith('was promised and is lost'))).toEqual([])

  await server.restart({ DATA_DIR: dataDir })
  // everybody asks again for all that they asked for: what is there is answered as it was, the rest is booked anew
  const again: Promised[] = []
  for (let index = 0; index < count; index += IN_FLIGHT) {
    const group = Array.from({ length: Math.min(IN_FLIGHT, count - index) }, (_, at) => book(server, asked(index + at)))
    for (const reply of await Promise.all(group)) {
      expect(reply?.status).toBe(201)
      again.push(reply!.body.data)
    }
  }
  expect(confused([...acknowledged, ...again])).toEqual([])
  const kept = new Map(again.map((promise) => [promise.reference, promise]))
  for (const promise of before) expect(kept.get(promise.reference)).toEqual(promise)
  await server.stop()
  const after = readBooks(dataDir)
  expect(faultsIn(after)).toEqual([])
  expect(after.bookings).toHaveLength(count)
})

test('without ids passed over, a restore gives some to two: the check sees it', async () => {
  if (!hasFile) return
  using scratch = aFolder()
  await using server = await hospital()
  const backup = join(scratch.folder, 'backup.db')
  const { acknowledged } = await drill(server, backup)
  const dataDir = join(scratch.folder, 'elsewhere')
  expect((await restoring(backup, dataDir, '--skip', '0')).code).toBe(0)
  await server.restart({ DATA_DIR: dataDir })
  const booking = stream(server)
  await booking.until(acknowledged.length)
  await booking.stop()
  const others = booking.promised.map((promise) => ({ ...promise, reference: `other ${promise.reference}` }))
  expect(confused([...acknowledged, ...others]).length).toBeGreaterThan(0)
})

test('a restore in the place of the data keeps what was there, is refused under a server, and ends every position in the stream of before', async () => {
  if (!hasFile) return
  using scratch = aFolder()
  await using server = await hospital()
  const epochOf = async (dataDir: string) => {
    // of a copy, which leaves no lock behind
    const copy = join(mkdtempSync(join(scratch.folder, 'copy-')), 'channelling.db')
    copyFileSync(join(dataDir, 'channelling.db'), copy)
    const database = await open({ url: `file:${copy}` })
    const [row] = await database.read<{ epoch: string }>('SELECT epoch FROM event_stream')
    await database.close()
    return row!.epoch
  }
  const book = () =>
    server.call('POST', '/api/channel/bookings', { sessionInstanceId: 1, patientId: 1 }).then(({ body }) => body.data)
  const first = await book()
  // by default into the data folder, by a name of its own
  const made = await command('backup', [], { DATA_DIR: server.dataDir })
  expect(made.out).toMatch(/\/backups\/channelling-\d{4}-\d\d-\d\d-\d{6}\.db$/)
  expect(statSync(made.out).mode & 0o777).toBe(0o600)
  expect(statSync(join(server.dataDir, 'backups')).mode & 0o777).toBe(0o700)
  const second = await book()

  const refused = await restoring(made.out, server.dataDir)
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('in use by another process')])
  expect((await server.call('GET', `/api/channel/bookings/${second.id}`)).status).toBe(200)
  const twice = await command('backup', ['--to', made.out], { DATA_DIR: server.dataDir })
  expect([twice.code, twice.err]).toEqual([1, `${made.out} is there already`])
  await server.stop()
  const epoch = await epochOf(server.dataDir)
  await server.restart()
  const usable = await server.call('GET', `/api/notifications/events?from=${epoch}:1`)
  expect(usable.body.data).toMatchObject({ resync: false, epoch })
  await server.stop()

  // without a server the command opens the data itself
  const alone = await command('backup', ['--to', scratch.folder], { DATA_DIR: server.dataDir })
  expect([alone.code, existsSync(alone.out)]).toEqual([0, true])
  const restored = await restoring(made.out, server.dataDir)
  expect(restored.code).toBe(0)
  const kept = /^The data of before is in (.+)$/m.exec(restored.out)![1]!
  expect(await epochOf(kept)).toBe(epoch)
  expect(readBooks(kept).bookings.map(({ id }) => id)).toEqual([first.id, second.id])
  expect(await epochOf(server.dataDir)).not.toBe(epoch)

  await server.restart()
  expect((await server.call('GET', `/api/channel/bookings/${first.id}`)).status).toBe(200)
  expect((await server.call('GET', `/api/channel/bookings/${second.id}`)).status).toBe(404)
  expect((await book()).id).toBeGreaterThan(second.id + SKIPPED_IDS)
  const events = await server.call('GET', `/api/notifications/events?from=${epoch}:1`)
  expect(events.body.data).toMatchObject({ resync: true, epoch: await epochOf(server.dataDir) })
  const wrong = await restoring(join(kept, 'channelling.db'), server.dataDir)
  await server.stop()
  const copied = await restoring(join(kept, 'channelling.db'), server.dataDir)
  expect([wrong.code, copied.code]).toEqual([1, 1])
  expect(copied.err).toMatch(/is no backup: .+\. Nothing was changed$/)
})

test('a libSQL server that goes on being written is backed up as it is at one moment, and restored into a file', async () => {
  using scratch = aFolder()
  await using sqld = await startSqld(aHospital({ patients: 3000 }))
  const database = await open({ url: sqld.url })
  let pairs = 0
  let going = true
  const writing = (async () => {
    for (; going; pairs++) {
      // a row in each of two tables, of which a copy reads one long before the other
      await database.write([
        { sql: 'INSERT INTO hospital (name, code) VALUES (?1, ?1)', args: [`pair ${pairs}`] },
        {
          sql: "INSERT INTO patient (phn, name, name_key, created_at, updated_at) VALUES (?1, ?1, 'pair', 0, 0)",
          args: [`pair ${pairs}`],
        },
      ])
    }
  })()
  while (pairs < 5) await Bun.sleep(1)
  const atLeast = pairs
  const backup = join(scratch.folder, 'backup.db')
  const made = await command('backup', ['--to', backup], { DATABASE_URL: sqld.url, DATA_DIR: scratch.folder })
  const atMost = pairs
  going = false
  await writing
  await database.close()
  expect([made.code, made.out]).toEqual([0, backup])
  expect(statSync(backup).mode & 0o777).toBe(0o600)
  expect(readdirSync(scratch.folder).filter((name) => name.startsWith('backup'))).toEqual(['backup.db'])
  expect(atMost).toBeGreaterThan(atLeast)

  const into = await command('restore', ['--from', backup], { DATABASE_URL: sqld.url })
  expect([into.code, into.err]).toEqual([1, expect.stringContaining('run db copy')])
  const path = join(scratch.folder, 'restored.db')
  expect((await command('restore', ['--from', backup], { DATABASE_URL: `file:${path}` })).code).toBe(0)
  const restored = await open({ url: `file:${path}` })
  const [counted] = await restored.read<{ hospitals: number; patients: number }>(
    `SELECT (SELECT count(*) FROM hospital WHERE name LIKE 'pair%') AS hospitals,
      (SELECT count(*) FROM patient WHERE name_key = 'pair') AS patients`,
  )
  await restored.close()
  const { hospitals, patients } = counted!
  expect(patients).toBe(hospitals)
  expect(hospitals).toBeGreaterThanOrEqual(atLeast)
  expect(hospitals).toBeLessThanOrEqual(atMost)
})
