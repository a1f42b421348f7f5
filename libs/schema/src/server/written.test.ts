import { expect, test } from 'bun:test'
import { createAsOfNow, type Mark } from './written'

test('how far a database has come is read once for all who ask meanwhile, and never by a reading that began before', async () => {
  const begun: PromiseWithResolvers<Mark>[] = []
  const asOfNow = createAsOfNow(() => {
    const reading = Promise.withResolvers<Mark>()
    begun.push(reading)
    return reading.promise
  })
  const first = asOfNow()
  await Bun.sleep(0)
  const later = [asOfNow(), asOfNow(), asOfNow()]
  expect(begun).toHaveLength(1)
  begun[0]!.resolve({ databaseId: 'a', count: 1 })
  expect((await first).count).toBe(1)
  await Bun.sleep(0)
  expect(begun).toHaveLength(2)
  begun[1]!.reject(new Error('away'))
  for (const asked of later) await expect(asked).rejects.toThrow('away')
  const next = asOfNow()
  await Bun.sleep(0)
  begun[2]!.resolve({ databaseId: 'a', count: 3 })
  expect((await next).count).toBe(3)
})
