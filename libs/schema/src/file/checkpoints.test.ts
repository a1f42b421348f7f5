import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../index'

/** Long enough for two rounds. */
const WRITING_MS = 5000
const PAYLOAD = JSON.stringify({ text: 'x'.repeat(1000) })

/** How many frames the log has, as its index says. https://sqlite.org/walformat.html */
const framesOf = (path: string) => readFileSync(`${path}-shm`).readUInt32LE(16)

test('a log that is written to without end is begun anew now and then, nothing of it is lost, and whoever reads sees the last write', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoints-'))
  const path = join(folder, 'channelling.db')
  try {
    const database = await open({ url: `file:${path}` })
    const count = async () => (await database.read<{ n: number }>('SELECT count(*) AS n FROM event'))[0]!.n
    const insert = {
      sql: "INSERT INTO event (type, session_id, payload, at) VALUES ('session.changed', 1, ?, 0)",
      args: [PAYLOAD],
    }
    let written = 0
    let unseen = 0
    let begunAnew = 0
    let frames = 0
    const until = performance.now() + WRITING_MS
    while (performance.now() < until) {
      await database.write(Array(20).fill(insert))
      written += 20
      if ((await count()) !== written) unseen++
      const now = framesOf(path)
      if (now < frames) begunAnew++
      frames = now
    }
    expect(unseen).toBe(0)
    expect(begunAnew).toBeGreaterThan(0)
    await database.close()
    const again = await open({ url: `file:${path}` })
    expect((await again.read<{ n: number }>('SELECT count(*) AS n FROM event'))[0]!.n).toBe(written)
    expect(await again.read('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    await again.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 30_000)
