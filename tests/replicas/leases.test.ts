import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { type Database, type Held, isLostLease, open, whileLeased } from '@channelling/schema'
import { aProcess } from '../support/process'
import { type Sqld, startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

/** How long work may rest after its process died. */
const TAKEN_OVER_MS_MAX = 5000

let server: Sqld
let database: Database
beforeAll(async () => {
  server = await startSqld()
  database = await open({ url: server.url })
  await database.write([
    { sql: 'CREATE TABLE work (id INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT, term INTEGER)', args: [] },
  ])
})
afterAll(async () => {
  await database?.close()
  await server?.[Symbol.asyncDispose]()
})

const script = new URL('../support/worker.ts', import.meta.url).pathname

const aWorker = (name: string) => {
  const worker = aProcess(() => ({
    name,
    command: [process.execPath, script, server.url, name],
    environment: { PATH: process.env.PATH },
    isReady: (output) => output.includes('ready'),
    startMsMax: 20_000,
  }))
  return Object.assign(worker, { name })
}

async function until<T>(
  looking: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const found = await looking()
    if (found) return found
    if (Date.now() > deadline) throw new Error('It did not come to pass')
    await Bun.sleep(20)
  }
}

const rows = () => database.read<{ id: number; process: string; term: number }>('SELECT * FROM work ORDER BY id')
const last = async () => (await rows()).at(-1)

test('of three processes one works; killed or standing still, another takes over in 5 s, and no term has the work of two', async () => {
  const workers = ['a', 'b', 'c'].map(aWorker)
  const of = (name: string) => workers.find((worker) => worker.name === name)!
  try {
    await Promise.all(workers.map((worker) => worker.start()))
    const first = (await until(last)).process

    void of(first).kill()
    const killed = performance.now()
    const second = await until(async () => {
      const now = (await last())!
      return now.process !== first && now.process
    })
    expect(performance.now() - killed).toBeLessThan(TAKEN_OVER_MS_MAX)

    of(second).hang()
    const stopped = performance.now()
    const third = await until(async () => {
      const now = (await last())!
      return now.process !== second && now.process
    })
    expect(performance.now() - stopped).toBeLessThan(TAKEN_OVER_MS_MAX)
    const before = (await rows()).filter((row) => row.process === second).length
    of(second).resume()
    await until(() => of(second).output().endsWith('rests\n'))
    // the one that works goes on all the while
    const seen = (await rows()).length
    await until(async () => (await rows()).length > seen + 20)
    expect((await rows()).filter((row) => row.process === second).length).toBe(before)

    // an orderly end hands over without waiting for the lease to end
    await of(third).stop()
    const ended = performance.now()
    await until(async () => (await last())!.process === second)
    expect(performance.now() - ended).toBeLessThan(2500)
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
  }
  const all = await rows()
  const workersOf = Map.groupBy(all, ({ term }) => term)
  for (const among of workersOf.values()) expect(new Set(among.map((row) => row.process)).size).toBe(1)
  expect(all.map(({ term }) => term)).toEqual(all.map(({ term }) => term).toSorted((a, b) => a - b))
  expect(workersOf.size).toBe(4)
})

test('of many that find it free at one moment one gets it, and when that one ends the next', async () => {
  let atWork = 0
  let atOnce = 0
  const turns: number[] = []
  const all = await Promise.all(Array.from({ length: 4 }, () => open({ url: server.url })))
  const contenders = all.map((own, index) =>
    whileLeased(own, 'contended', async ({ ended }) => {
      turns.push(index)
      atOnce = Math.max(atOnce, ++atWork)
      await ended
      atWork--
    }),
  )
  while (turns.length < contenders.length) {
    const count = turns.length
    await until(() => turns.length > count)
    // long enough for the others to have looked
    const looked = performance.now() + 1000
    await until(() => performance.now() > looked)
    expect(contenders.map((contender) => contender.isHeld()).filter(Boolean)).toHaveLength(1)
    await contenders[turns.at(-1)!]!.close()
  }
  expect(atOnce).toBe(1)
  expect(new Set(turns).size).toBe(contenders.length)
  await Promise.all(all.map((own) => own.close()))
})

/** The same database, which from `cut` on lets no write through until it is mended. */
function aCuttable(): { cuttable: Database; cut(): () => void } {
  let isCut = false
  return {
    cuttable: {
      ...database,
      write: (statements) => (isCut ? new Promise(() => {}) : database.write(statements)),
    },
    cut() {
      isCut = true
      return () => {
        isCut = false
      }
    },
  }
}

test('what a former holder still has under way is undone as a whole', async () => {
  const { cuttable, cut } = aCuttable()
  let former: Held | undefined
  const one = whileLeased(cuttable, 'fenced', async (held) => {
    former = held
    await new Promise((resolve) => held.signal.addEventListener('abort', resolve))
  })
  await until(() => former)
  const inTime = [...former!.fence(), { sql: "INSERT INTO work (process, term) VALUES ('in time', 0)", args: [] }]
  await database.write(inTime)

  const mend = cut()
  let endedAt = 0
  former!.signal.addEventListener('abort', () => {
    endedAt = performance.now()
  })
  let takenAt = 0
  const other = whileLeased(database, 'fenced', async (held) => {
    takenAt = performance.now()
    await new Promise((resolve) => held.signal.addEventListener('abort', resolve))
  })
  await until(() => takenAt)
  expect(former!.isHeld()).toBe(false)
  expect(endedAt).toBeGreaterThan(0)
  expect(endedAt).toBeLessThan(takenAt)

  const late = [...former!.fence(), { sql: "INSERT INTO work (process, term) VALUES ('late', 0)", args: [] }]
  expect(await database.write(late).catch(isLostLease)).toBe(true)
  expect(await database.read('SELECT process FROM work WHERE term = 0')).toEqual([{ process: 'in time' }])
  mend()
  await other.close()
  await one.close()
})

/** Has a lease end as far ahead as one that was taken while the clock of the database was ahead by so much. */
const takenAhead = (name: string, ms: number) =>
  database.write([
    {
      sql: "UPDATE lease SET until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ? WHERE name = ?",
      args: [3000 + ms, name],
    },
  ])

const HOUR_MS = 3_600_000

test('a lease that was taken while the clock was an hour ahead is taken over in 5 s, and what its holder has under way is undone', async () => {
  const { cuttable, cut } = aCuttable()
  let former: Held | undefined
  const one = whileLeased(cuttable, 'ahead', async (held) => {
    former = held
    await held.ended
  })
  await until(() => former)
  const mend = cut()
  await takenAhead('ahead', HOUR_MS)
  const dead = performance.now()
  const other = whileLeased(database, 'ahead', ({ ended }) => ended)
  await until(() => other.isHeld())
  expect(performance.now() - dead).toBeLessThan(TAKEN_OVER_MS_MAX)
  expect(await database.write(former!.fence()).catch(isLostLease)).toBe(true)
  mend()
  await other.close()
  await one.close()
})

test('a lease that ends later than any is taken for, by less than its length, is waited for', async () => {
  await database.write([
    { sql: "INSERT INTO lease (name, holder, until, term) VALUES ('later', 'somebody who died', 0, 7)", args: [] },
  ])
  const taken = performance.now()
  await takenAhead('later', 2000)
  const other = whileLeased(database, 'later', ({ ended }) => ended)
  await until(() => other.isHeld())
  expect(performance.now() - taken).toBeGreaterThan(4990)
  await other.close()
})

test('where the clock is set back by an hour while the work goes on, its holder takes it anew and it ends as soon as any', async () => {
  const fences: string[] = []
  const leased = whileLeased(database, 'set back', async (held) => {
    fences.push(JSON.stringify(held.fence()))
    await held.ended
  })
  await until(() => leased.isHeld())
  await takenAhead('set back', HOUR_MS)
  await until(() => fences.length === 2 && leased.isHeld())
  expect(fences[1]).not.toBe(fences[0]!)
  const [row] = await database.read<{ left: number }>(
    "SELECT until - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS left FROM lease WHERE name = 'set back'",
  )
  expect(row!.left).toBeLessThanOrEqual(3000)
  await leased.close()
})

test('work that fails is told of and begun anew, and rests while the database is away', async () => {
  await using away = await startSqld()
  const faults: unknown[] = []
  const own = await open({ url: away.url })
  let begun = 0
  const leased = whileLeased(
    own,
    'failing',
    async (held) => {
      begun++
      if (begun === 1) throw new Error('once')
      await new Promise((resolve) => held.signal.addEventListener('abort', resolve))
    },
    { onFault: (error) => faults.push(error) },
  )
  await until(() => begun === 2)
  expect(faults).toEqual([expect.objectContaining({ message: 'once' })])
  expect(leased.isHeld()).toBe(true)

  await away.kill()
  await until(() => !leased.isHeld())
  await away.start()
  await until(() => leased.isHeld() && begun === 3)
  await leased.close()
  expect(leased.isHeld()).toBe(false)
  await own.close()
})
