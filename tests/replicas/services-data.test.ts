import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../support/command'
import { aFolder, processesOf, startEverything } from '../support/everything'

setDefaultTimeout(180_000)

/** Starts everything in a folder, does something over HTTP, and stops it. */
async function whileItRuns<Done>(
  folder: string,
  form: 'services' | 'up',
  work: (url: string, said: (what: RegExp) => Promise<RegExpExecArray>) => Promise<Done>,
): Promise<Done> {
  await using everything = startEverything(folder, { command: form })
  await everything.said(/Stop with Ctrl-C/)
  const [, url] = await everything.said(/API +(\S+)\/api/)
  return await work(url!, everything.said)
}

interface Booked {
  key: string
  body: string
  booking: { id: number; number: number }
}

/** The first start of a folder, and the booking that it says to make. */
const bookFirst = (folder: string, form: 'services' | 'up'): Promise<Booked> =>
  whileItRuns(folder, form, async (url, said) => {
    const [, key, body] = await said(/-H 'Finance: (\S+)'.* -d '(.*)'/)
    return { key: key!, body: body!, booking: await book(url, key!, body!) }
  })

async function book(url: string, key: string, body: string): Promise<Booked['booking']> {
  const headers = { finance: key, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/channel/bookings`, { method: 'POST', headers, body })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { data: Booked['booking'] }).data
}

/** Whether a folder serves what was booked, and goes on from there. */
const goesOn = (folder: string, form: 'services' | 'up', { key, body, booking }: Booked) =>
  whileItRuns(folder, form, async (url) => {
    const shown = await fetch(`${url}/api/channel/bookings/${booking.id}`, { headers: { finance: key } })
    expect(((await shown.json()) as { data: object }).data).toEqual(booking)
    const next = await book(url, key, body)
    return { number: next.number, idsPassedOver: next.id - booking.id - 1 }
  })

/** Runs a command that has to work. */
async function done(name: Parameters<typeof command>[0], args: string[], environment: Record<string, string>) {
  const ran = await command(name, args, environment)
  expect({ name, code: ran.code, err: ran.code === 0 ? '' : ran.err }).toEqual({ name, code: 0, err: '' })
  return ran
}

test('the drill: what was booked under `run services` is backed up while it is stopped, restored for `run up`, and restored in its own place', async () => {
  using scratch = aFolder()
  const [own, other] = [join(scratch.path, 'own'), join(scratch.path, 'other')]
  const booked = await bookFirst(own, 'services')
  const { number } = booked.booking

  // stopped, commands work on its data, and leave neither a file nor a process
  expect((await done('keys', ['list'], { DATA_DIR: own })).out).toContain('First client')
  const { out: issued } = await done('keys', ['issue', '--client', 'Later', '--scopes', 'all'], { DATA_DIR: own })
  await done('import', [join(import.meta.dir, '../../services/catalogue/demo')], { DATA_DIR: own })
  const { out: backup } = await done('backup', [], { DATA_DIR: own })
  expect(existsSync(join(own, 'channelling.db'))).toBe(false)
  expect(processesOf(own)).toEqual([])

  const restored = await done('restore', ['--from', backup], { DATA_DIR: other })
  expect(restored.out).toStartWith('Restored 1 bookings, the last of ')
  expect(await goesOn(other, 'up', booked)).toEqual({ number: number + 1, idsPassedOver: expect.any(Number) })

  // in its own place: what came after the backup is put aside, and no id of it is given again
  expect(await goesOn(own, 'services', booked)).toMatchObject({ number: number + 1 })
  const inPlace = await done('restore', ['--from', backup], { DATA_DIR: own })
  expect(inPlace.out).toMatch(/^The data of before is in .*sqld\.before-\w+$/m)
  expect(existsSync(join(own, 'channelling.db'))).toBe(false)
  const { idsPassedOver, ...again } = await goesOn(own, 'services', booked)
  expect([again.number, idsPassedOver >= 1_000_000]).toEqual([number + 1, true])
  expect((await done('keys', ['list'], { DATA_DIR: own })).out).toContain(issued.slice(-4))

  // what cannot be restored changes nothing
  const damaged = join(scratch.path, 'damaged.db')
  writeFileSync(damaged, 'no backup')
  const refused = await command('restore', ['--from', damaged], { DATA_DIR: own })
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/is no backup.*Nothing was changed$/)])
  expect(readdirSync(own).filter((name) => name.includes('restor'))).toEqual([])
  expect(processesOf(own)).toEqual([])
})

test('a hospital moves from `run services` to a file and back, and in one folder too, where it has to be said then which is meant', async () => {
  using scratch = aFolder()
  const [first, second] = [join(scratch.path, 'first'), join(scratch.path, 'second')]
  mkdirSync(second)
  const booked = await bookFirst(first, 'services')
  const { number } = booked.booking
  const file = `file:${second}/channelling.db`
  const there = await done('db', ['copy', '--from', `services:${first}`, '--to', file], {})
  expect(there.out).toMatch(/^Copied \d+ rows of \d+ tables; both hold the same$/)
  expect(await goesOn(second, 'up', booked)).toMatchObject({ number: number + 1, idsPassedOver: expect.any(Number) })

  await done('db', ['copy', '--from', file, '--to', `services:${second}`], {})
  const twice = await command('db', ['copy', '--from', file, '--to', `services:${second}`], {})
  expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('is there already')])
  expect(await goesOn(second, 'services', booked)).toMatchObject({ number: number + 2 })

  // now both lie in one folder
  for (const [name, args] of [
    ['keys', ['list']],
    ['import', [join(import.meta.dir, '../../services/catalogue/demo')]],
    ['backup', []],
    ['restore', ['--from', 'any']],
  ] as const) {
    const { code, out, err } = await command(name, [...args], { DATA_DIR: second })
    expect({ name, code, out, err }).toEqual({ name, code: 1, out: '', err: expect.stringContaining('--services') })
    expect(err).not.toContain('\n')
  }
  const keys = ['issue', '--client', 'Of services', '--scopes', 'all']
  await done('keys', [...keys, '--services'], { DATA_DIR: second })
  const ofServices = await done('keys', ['clients', '--services'], { DATA_DIR: second })
  const ofFile = await done('keys', ['clients'], { DATA_DIR: second, DATABASE_URL: file })
  expect([ofServices.out.includes('Of services'), ofFile.out.includes('Of services')]).toEqual([true, false])
})

test('what is not there, or cannot be meant, is refused in one line and leaves nothing', async () => {
  using folder = aFolder()
  const DATA_DIR = folder.path
  for (const [name, args, code, what, more] of [
    ['backup', ['--services', '--to', join(DATA_DIR, 'one.db')], 1, 'There is no data of `run services`', {}],
    ['db', ['copy', '--from', `services:${DATA_DIR}`, '--to', `file:${DATA_DIR}/a.db`], 1, 'There is no data of', {}],
    ['db', ['copy', '--from', 'file:/none', '--to', `services:${DATA_DIR}`], 1, 'There is no data at /none', {}],
    ['db', ['copy', '--from', 'file:/none', '--to', `services:${DATA_DIR}/none`], 1, 'There is no folder', {}],
    ['keys', ['list', '--services'], 2, 'DATABASE_URL', { DATABASE_URL: 'http://127.0.0.1:1' }],
  ] as const) {
    const ran = await command(name, [...args], { DATA_DIR, ...more })
    expect({ args, code: ran.code, err: ran.err }).toEqual({ args, code, err: expect.stringContaining(what) })
    expect(ran.err).not.toContain('\n')
  }
  expect(readdirSync(DATA_DIR).filter((name) => !name.startsWith('services.lock'))).toEqual([])
})
