import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Caller, createCalendar, type Scope } from '@channelling/contract'
import { createLog, IDENTITY_HEADER, signIdentity } from '@channelling/http'
import { type Database, open } from '@channelling/schema'
import { createPatients, type PatientsOptions } from '.'

const SECRET = 'a secret for tests only'
export const NOW = Date.parse('2026-05-18T06:00:00Z')

export interface PatientJson {
  id: number
  phn: string
  title: string | null
  name: string
  sex: string | null
  dob: string | null
  phone: string | null
  nic: string | null
  passport: string | null
  email: string | null
  address: string | null
  foreigner: boolean
  createdAt: string
}

export interface Reply<Data> {
  status: number
  location: string | null
  text: string
  body: {
    status: string
    code: number
    data: Data
    page?: { page: number; size: number; total: number }
    message?: string
    reason?: string
    fields?: { path: string; message: string }[]
    existing?: { id: number; phn: string }
  }
}

const started: (() => Promise<void>)[] = []

/** Stops every service that was started, and removes its data. */
export async function stopPatients(): Promise<void> {
  await Promise.all(started.splice(0).map((stop) => stop()))
}

/** A patients service on a database of its own, until `stopPatients`, with a caller who may do everything. */
export async function startPatients(options: Partial<PatientsOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'patients-'))
  const database: Database = await open({ url: `file:${join(folder, 'patients.db')}` })
  started.push(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })
  const app = createPatients({
    database,
    calendar: createCalendar('Asia/Colombo'),
    clock: () => NOW,
    secret: SECRET,
    log: createLog('silent', 'patients'),
    ...options,
  })

  async function send<Data = PatientJson>(
    method: string,
    path: string,
    body?: unknown,
    scopes: Scope[] = ['patients:read', 'patients:write'],
  ): Promise<Reply<Data>> {
    const caller: Caller = { clientId: 1, keyId: 1, access: 'all', scopes }
    const target = { method, path: path.replace(/\?.*/, '') }
    const response = await app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: {
          [IDENTITY_HEADER]: signIdentity(SECRET, caller, target, Date.now()),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
    const text = await response.text()
    return { status: response.status, location: response.headers.get('location'), text, body: JSON.parse(text) }
  }

  return {
    app,
    database,
    send,
    register: (person: unknown) => send('POST', '/api/patients', person),
    change: (id: number, person: unknown) => send('PUT', `/api/patients/${id}`, person),
    search: (criteria: Record<string, string>) =>
      send<PatientJson[]>('GET', `/api/patients/search?${new URLSearchParams(criteria)}`),
  }
}

export type Patients = Awaited<ReturnType<typeof startPatients>>
