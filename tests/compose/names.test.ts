import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aHospital, aSession } from '../support/hospital'
import { mayMount, withMounts } from '../support/own-mounts'
import { freePort } from '../support/port'
import { startServer } from '../support/server'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

const main = new URL('../../services/bookings/src/main.ts', import.meta.url).pathname
const SESSIONS = 30

/** With names of its own, told by a file that may change, as a network of containers has them. */
const withNames = (hosts: string) => withMounts(`mount --bind ${hosts} /etc/hosts`)

test.each(mayMount ? ['bookings'] : [])(
  'the gateway finds every replica behind the name %s, also one that comes later, and none that is gone',
  async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'names-'))
    const hosts = join(folder, 'hosts')
    const port = freePort()
    const namely = (...addresses: string[]) =>
      writeFileSync(hosts, addresses.map((address) => `${address} ${name}\n`).join(''))
    const sessions = Array.from({ length: SESSIONS }, () => aSession({ capacity: 0 }))
    await using database = await startSqld(aHospital({ sessions }))
    const shared = { DATABASE_URL: database.url, INTERNAL_SECRET: 'known to all of them' }
    const replica = (HOST: string) =>
      Bun.spawn([process.execPath, main], {
        env: { PATH: process.env.PATH, HOST, PORT: String(port), ...shared },
        stdout: 'ignore',
        stderr: 'ignore',
      })
    const replicas = [replica('127.0.0.2'), replica('127.0.0.3'), replica('127.0.0.4')]
    try {
      namely('127.0.0.2', '127.0.0.3')
      await using server = await startServer({
        form: 'embedded',
        under: withNames(hosts),
        environment: { ...shared, BOOKINGS_URL: `dns+http://${name}:${port}` },
      })
      /** Ids are handed out to processes in ranges, so they tell which of them booked. */
      const processesThatBook = async () => {
        const replies = await Promise.all(
          sessions.map((_, index) =>
            server.call('POST', '/api/channel/bookings', { sessionId: index + 1, patientId: 1 }),
          ),
        )
        return new Set(
          replies.map(({ status, body }) => (status === 201 ? Math.floor((body.data.id - 1) / 512) : status)),
        )
      }
      const until = async (count: number) => {
        for (;;) {
          const found = await processesThatBook()
          if (found.size === count && !found.has(503)) return found
          await Bun.sleep(50)
        }
      }
      const first = await until(2)
      namely('127.0.0.2', '127.0.0.3', '127.0.0.4')
      const more = await until(3)
      expect(first.isSubsetOf(more)).toBe(true)
      namely('127.0.0.4')
      const [last] = await until(1)
      expect(first.has(last!)).toBe(false)
    } finally {
      for (const one of replicas) one.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
