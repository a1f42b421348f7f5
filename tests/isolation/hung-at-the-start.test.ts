import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintKey } from '@channelling/access'
import { startHeldWrites } from '../support/held-write'
import { aProcess } from '../support/process'
import { startServices } from '../support/services'
import { startSqld } from '../support/sqld'

setDefaultTimeout(60_000)

const longIn = (what: string) => new RegExp(`"level":"warn",.*"what":"${what}","msg":"the start takes long"`)
const waiting = /"level":"warn",.*"what":"the database server does not answer","msg":"waiting for the database"/

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(20)
}

test('a service whose database server hangs once the schema is brought up to date says what it is at, waits, and serves when it goes on', async () => {
  let held: Awaited<ReturnType<typeof startHeldWrites>> | undefined
  await using services = await startServices({
    async through(url) {
      held = await startHeldWrites(url)
      return held.url
    },
  })
  await using network = held!
  const { database, processes } = services
  const [patients] = processes.patients
  await patients!.stop()
  const asked = network.hold('request', 'FROM booking_clock')
  const starting = patients!.start()
  await asked
  database.hang()
  network.release()
  await until(() => longIn('reading the time').test(patients!.output()))
  await until(() => waiting.test(patients!.output()))
  database.resume()
  await starting
  expect(patients!.output().match(/waiting for the database/g)).toHaveLength(1)
})

test('a gateway waits for whatever it first reads or writes', async () => {
  await using sqld = await startSqld()
  const folder = mkdtempSync(join(tmpdir(), 'hung-'))
  const steps = {
    'reading the time': 'FROM booking_clock',
    'the bootstrap key': 'INSERT INTO api_key',
    'the demo catalogue': 'FROM hospital LIMIT 1',
  }
  await Promise.all(
    Object.entries(steps).map(async ([what, text]) => {
      await using network = await startHeldWrites(sqld.url)
      // the one that is kept is never answered; what is asked anew, on another connection, is
      const asked = network.hold('request', text)
      const gateway = aGateway(network.url, join(folder, what))
      await gateway.start()
      await asked
      expect(gateway.output()).toMatch(longIn(what))
      expect(gateway.output()).toMatch(waiting)
      await gateway.stop()
    }),
  )
  rmSync(folder, { recursive: true })
})

function aGateway(databaseUrl: string, folder: string) {
  return aProcess(() => ({
    name: 'the gateway',
    command: [process.execPath, join(import.meta.dir, '../../gateway/src/main.ts')],
    environment: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: folder,
      DATABASE_URL: databaseUrl,
      BOOTSTRAP_KEY: mintKey(),
      DEMO_DATA: 'on',
    },
    isReady: (output) => output.includes('"msg":"listening"'),
    // ten seconds of them it waits for an answer
    startMsMax: 40_000,
  }))
}
