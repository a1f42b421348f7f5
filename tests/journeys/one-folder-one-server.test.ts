import { expect, setDefaultTimeout, test } from 'bun:test'
import { aHospital } from '../support/hospital'
import { startServer } from '../support/server'

setDefaultTimeout(60_000)

test('two servers never share one data folder: the second says so and leaves', async () => {
  await using server = await startServer({ seed: aHospital() })
  const second = startServer({ environment: { DATA_DIR: server.dataDir } })
  await expect(second).rejects.toThrow(/in use by another process/)
  expect((await server.call('GET', '/api/channel/sessions/1')).status).toBe(200)
})
