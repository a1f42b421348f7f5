import { expect, setDefaultTimeout, test } from 'bun:test'
import { isDurable, open } from '@channelling/schema'
import { untilHealthy } from './container'
import { startProject } from './project'

setDefaultTimeout(60_000)

test('a healthy database brings each write to its disk before it answers', async () => {
  await using project = await startProject()
  const database = await open({ url: project.database.url })
  expect(await isDurable(database)).toBe(true)
  await database.close()
})

test('a health check is content with a container that does its work, and with no other', async () => {
  await using project = await startProject()
  const [database, nats, bookings] = ['database', 'nats', 'bookings'].map((name) => project.containers.get(name)![0]!)
  expect(await bookings!.isHealthy()).toBe(true)
  expect(await nats!.isHealthy()).toBe(true)

  await nats!.kill()
  expect(await nats!.isHealthy()).toBe(false)
  // it is faster with NATS, and well without
  expect(await bookings!.isHealthy()).toBe(true)

  await database!.kill()
  expect(await database!.isHealthy()).toBe(false)
  expect(await bookings!.isHealthy()).toBe(false)
  await database!.start()
  await untilHealthy(bookings!.isHealthy)

  bookings!.hang()
  expect(await bookings!.isHealthy()).toBe(false)
  bookings!.resume()
  await untilHealthy(bookings!.isHealthy)
  await bookings!.kill()
  expect(await bookings!.isHealthy()).toBe(false)
})
