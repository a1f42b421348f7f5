import { resolve } from 'node:path'
import { addDays, createCalendar, scopes } from '@channelling/contract'
import { readSettings, type Settings } from '@channelling/settings'
import { say } from './command'
import type { Reach } from './reach'

/** How somebody without Bun runs one of our commands. */
const RUN = 'npx -y bun@1.4.5 run'
const KEY_DAYS = 365

/** Says how to use a server that has just started; the first time, with a key and a booking to try. */
export async function introduce(settings: Settings, control: Reach, url: string): Promise<void> {
  const keys = await ask<unknown[]>(control.fetch('/api/admin/keys?size=1'))
  if (keys.length > 0) {
    say(`
Keys are shown once. To issue another:
  ${ofItsData(settings)}${RUN} keys issue --client "My application" --scopes all`)
    return
  }
  const key = await issueFirstKey(settings, control)
  say(`
Your key, shown this once (send it in the Finance header):
  ${key}`)
  const booking = await firstBooking(settings, url, key)
  if (!booking) return
  say(`
Book a place:
  curl -s -X POST ${url}/api/channel/bookings -H 'Finance: ${key}' -H 'Content-Type: application/json' -d '${booking}'
`)
}

/** What a command is to be told before it, so that it does not work on the data of another folder. */
function ofItsData({ DATA_DIR }: Settings): string {
  const folder = resolve(DATA_DIR)
  return folder === resolve(readSettings({}).DATA_DIR) ? '' : `DATA_DIR=${Bun.$.escape(folder)} `
}

async function issueFirstKey(settings: Settings, control: Reach): Promise<string> {
  const calendar = createCalendar(settings.TIME_ZONE)
  const expiresAt = addDays(calendar.dayOf(Date.now()), KEY_DAYS)
  const client = await ask<{ id: number }>(post(control, '/api/admin/clients', { name: 'First client', access: 'all' }))
  const issued = await ask<{ key: string }>(
    post(control, '/api/admin/keys', { clientId: client.id, scopes, expiresAt }),
  )
  return issued.key
}

/** The body of a booking that works: the next session with a place, and somebody to book it for. */
async function firstBooking(settings: Settings, url: string, key: string): Promise<string | null> {
  const headers = { finance: key, 'content-type': 'application/json' }
  const now = createCalendar(settings.TIME_ZONE).format(Date.now())
  // this very process is asked, by a name that its certificate may not be for
  const tls = { rejectUnauthorized: false }
  const [session] = await ask<{ id: number }[]>(
    fetch(`${url}/api/channel/sessions?bookable=true&size=1&fromDate=${encodeURIComponent(now)}`, { headers, tls }),
  )
  if (!session) return null
  const body = JSON.stringify({ name: 'Demo Patient', phone: '0770000000' })
  const patient = await ask<{ id: number }>(fetch(`${url}/api/patients`, { method: 'POST', headers, body, tls }))
  return JSON.stringify({ sessionInstanceId: session.id, patientId: patient.id })
}

const post = (control: Reach, path: string, body: object) =>
  control.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function ask<Data>(asked: Promise<Response>): Promise<Data> {
  const answer = (await (await asked).json()) as { status: string; message?: string; data: Data }
  if (answer.status !== 'success') throw new Error(answer.message)
  return answer.data
}
