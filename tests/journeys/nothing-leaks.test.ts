import { expect, setDefaultTimeout, test } from 'bun:test'
import { mintKey } from '@channelling/access'
import { scopes } from '@channelling/contract'
import { type Changed, changed, MISHAPS } from '../crash/changes'
import { aSecretPerson, aSecretWord, type Canary, canariesIn } from '../support/canaries'
import { aClient } from '../support/client'
import { isApart } from '../support/forms'
import { aHospital, aSession } from '../support/hospital'
import type { Reply } from '../support/reply'
import { type CallOptions, type Server, startServer } from '../support/server'
import { HandshakeRefused, subscribe } from '../support/socket'

setDefaultTimeout(120_000)

const metricsAt = /"address":"([^"]*)","msg":"listening for metrics"/

/** The processes behind a server, as far as there are others than its own. */
const servicesOf = ({ services }: Server) => Object.values(services?.processes ?? {}).flat()

/** What was written or answered, by whom it could be read. */
interface Told {
  output: string
  metrics: string
  audit: string
  /** Answers to a client that has no part in it, and the frames it is sent. */
  'answers to others': string
  /** Answers to who sent the canaries, where that was refused: a refusal says nothing back. */
  refusals: string
}

const start = (how?: Changed) => {
  const { preload, environment } = changed(how) as { preload?: string; environment?: Record<string, string> }
  return startServer({
    seed: aHospital({ sessions: [aSession(), aSession(), aSession({ capacity: 1 })] }),
    preload,
    // a script cannot be put before what docker-compose.yml names
    form: isApart ? 'split' : 'embedded',
    environment: { ...environment, METRICS_PORT: '0', SLOW_REQUEST_MS: '1' },
  })
}

const textOf = ({ text, headers }: Reply) => `${text}\n${[...headers].flat().join('\n')}\n`

/** Sends canaries every way there is, reads whatever can be read by others, and ends the server. */
async function tellSecrets(server: Server): Promise<{ canaries: Canary[]; told: Told; requests: number }> {
  const owner = await aClient(server)
  const stranger = await aClient(server, { scopes: scopes.filter((scope) => scope !== 'admin') })
  const socket = await subscribe(server, { key: stranger.key })
  const canaries: Canary[] = [server, owner, stranger].map(({ key }) => ({ what: 'a key', value: key }))
  const { next } = (await stranger.call('GET', '/api/notifications/events')).body.data
  const told: Told = { output: '', metrics: '', audit: '', 'answers to others': '', refusals: '' }
  let requests = 0

  const secret = (what: string): string => {
    const canary = aSecretWord(what)
    canaries.push(canary)
    return canary.value
  }
  const person = (what: string, calledLike?: string) => {
    const secretPerson = aSecretPerson(what, calledLike)
    canaries.push(...secretPerson.canaries)
    return secretPerson.person
  }
  const ask = async (status: number, method: string, path: string, body?: unknown, options: CallOptions = {}) => {
    requests++
    const reply = await owner.call(method, path, body, options)
    if (reply.status !== status) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`)
    if (status >= 400) told.refusals += textOf(reply)
    return reply
  }
  const add = async (path: string, body: object, options?: CallOptions) =>
    (await ask(201, 'POST', path, body, options)).body.data

  // success, with secrets in every header that a client may send besides
  const headers = {
    'user-agent': secret('user-agent'),
    referer: `https://x.example/${secret('referer')}`,
    cookie: `a=${secret('cookie')}`,
    'x-request-id': secret('x-request-id'),
    traceparent: secret('traceparent'),
    tracestate: `vendor=${secret('tracestate')}`,
    'x-forwarded-for': secret('x-forwarded-for'),
    'accept-language': secret('accept-language'),
  }
  const registered = person('registered')
  const { id: patientId } = await add('/api/patients', registered, { headers })
  for (const property of ['phone', 'nic', 'name'] as const) {
    const found = await ask(200, 'GET', `/api/patients/search?${property}=${encodeURIComponent(registered[property])}`)
    expect(found.body.data).toHaveLength(1)
  }
  await ask(200, 'GET', `/api/patients/search?name=${secret('a search that finds nobody')}`)
  await ask(200, 'PUT', `/api/patients/${patientId}`, { address: secret('a changed address') })
  const bookings = '/api/channel/bookings'
  const once = { headers: { 'idempotency-key': secret('Idempotency-Key') } }
  const reference = secret('reference')
  const asked = { sessionInstanceId: 1, patientId, reference, hold: true }
  const { id } = await add(bookings, asked, once)
  await add(bookings, asked, once)
  await ask(200, 'PUT', `${bookings}/${id}/complete`, { paymentReference: secret('paymentReference') })
  await ask(200, 'PUT', `${bookings}/${id}/reschedule`, { sessionInstanceId: 2, reason: secret('reason of a move') })
  await ask(200, 'PUT', `${bookings}/${id}/cancel`, { reason: secret('reason of a cancellation') })
  const { id: kept } = await add(bookings, {
    sessionInstanceId: 1,
    patientId,
    reference: secret('a reference that stays'),
  })

  // conflicts and duplicates
  await ask(409, 'POST', '/api/patients', registered)
  await ask(409, 'POST', '/api/patients', { ...person('an alias'), nic: registered.nic })
  await ask(409, 'POST', bookings, { sessionInstanceId: 2, patientId, reference })
  await ask(422, 'POST', bookings, { ...asked, reference: secret('another reference') }, once)
  await add(bookings, { sessionInstanceId: 3, patientId })
  await ask(409, 'POST', bookings, { sessionInstanceId: 3, patientId, reference: secret('too late') })

  // what is wrong: values, types, properties, paths, queries, bodies, keys
  for (const property of Object.keys(registered)) {
    const told = secret(`${property} of a wrong type`)
    for (const value of [[told], { [told]: told }, `${told}\u0000`]) {
      await ask(400, 'POST', '/api/patients', { ...person(`refused for its ${property}`), [property]: value })
    }
  }
  for (const property of ['nic', 'phone', 'email', 'dob', 'sex']) {
    const value = secret(`a faulty ${property}`)
    await ask(400, 'POST', '/api/patients', { ...person('faulty'), [property]: value })
    await ask(400, 'PUT', `/api/patients/${patientId}`, { [property]: value })
  }
  await ask(400, 'POST', '/api/patients', { ...person('with too much'), [secret('a property')]: secret('its value') })
  await ask(400, 'POST', bookings, { sessionInstanceId: secret('a session'), patientId: secret('a patient') })
  await ask(400, 'POST', bookings, { sessionInstanceId: 1, patientId, itemId: secret('an itemId') })
  await ask(400, 'POST', bookings, { sessionInstanceId: 1, patientId, paymentMethod: secret('a payment method') })
  await ask(400, 'GET', `/api/patients/search?${secret('a parameter')}=${secret('of a parameter')}`)
  await ask(400, 'GET', `/api/patients/${secret('a path')}`)
  await ask(400, 'PUT', `${bookings}/${secret('a path of a booking')}/cancel`, { reason: secret('for no booking') })
  await ask(404, 'GET', `/api/${secret('no path')}?${secret('no query')}`)
  await ask(404, 'GET', `/${secret('a path of nothing')}`)
  await ask(405, 'DELETE', `${bookings}/${secret('a path that takes no DELETE')}`)
  const json = { 'content-type': 'application/json' }
  await ask(400, 'POST', '/api/patients', undefined, { raw: `{"name":"${secret('malformed')}`, headers: json })
  await ask(400, 'POST', '/api/patients', undefined, { raw: secret('no JSON'), headers: json })
  await ask(413, 'POST', '/api/patients', { name: secret('too large').repeat(4_000) })
  await ask(415, 'POST', '/api/patients', undefined, {
    raw: secret('a text'),
    headers: { 'content-type': secret('type') },
  })
  for (const options of [
    { key: `chk_live_${secret('a key that is none')}` },
    { key: mintKeyAs(canaries) },
    { key: null, headers: { authorization: `Bearer ${secret('a bearer that is none')}` } },
    { key: null, headers: { authorization: `Basic ${secret('a password')}` } },
  ]) {
    await ask(401, 'GET', `/api/channel/sessions?${secret('of nobody')}`, undefined, options)
  }
  await ask(400, 'GET', '/api/channel/sessions', undefined, {
    headers: { authorization: `Bearer ${secret('a second')}` },
  })
  const refusedTicket = await subscribe(server, { key: null, query: `?access_token=${secret('a ticket')}` }).catch(
    (error: unknown) => error,
  )
  told.refusals += JSON.stringify((refusedTicket as HandshakeRefused).body)
  expect(refusedTicket).toBeInstanceOf(HandshakeRefused)

  // administration, by HTTP and by the control socket
  const contact = `${secret('a contact')}@x.example`
  const client = await add('/api/admin/clients', { name: secret('a client'), contact })
  await ask(200, 'PUT', `/api/admin/clients/${client.id}`, { contact: secret('a changed contact') })
  await ask(400, 'POST', '/api/admin/clients', { name: [secret('a client of a wrong type')] })
  await ask(400, 'POST', '/api/admin/keys', {
    clientId: client.id,
    scopes: [secret('a scope')],
    expiresAt: '2999-12-31',
  })
  const issue = { clientId: client.id, scopes: ['catalogue:read'], expiresAt: '2999-12-31' }
  const issued = await add('/api/admin/keys', issue)
  const rotated = (await ask(201, 'PUT', `/api/admin/keys/${issued.id}/rotate`)).body.data
  canaries.push({ what: 'an issued key', value: issued.key }, { what: 'a rotated key', value: rotated.key })
  await ask(400, 'GET', `/api/admin/audit?from=${secret('a date')}`)

  const control = async (path: string, init: RequestInit = {}) => {
    requests++
    const unix = `${server.dataDir}/control.sock`
    const reply = await fetch(`http://localhost${path}`, { ...init, unix } as RequestInit)
    return { status: reply.status, text: await reply.text() }
  }
  const post = (body: unknown) => ({ method: 'POST', headers: json, body: JSON.stringify(body) })
  const byControl = await control('/api/admin/clients', post({ name: secret('a client by control'), contact }))
  expect(byControl.status).toBe(201)
  for (const [path, init] of [
    ['/api/admin/clients', post({ name: { [secret('a faulty client by control')]: 1 } })],
    ['/api/admin/clients', { method: 'POST', headers: json, body: `{"${secret('malformed, by control')}` }],
    [`/api/admin/${secret('a path of the control')}`, {}],
    [`/${secret('no path of the control')}`, {}],
    ['/import', post({ [secret('no import')]: 1 })],
  ] as const) {
    const reply = await control(path, init)
    expect(reply.status).toBeGreaterThanOrEqual(400)
    told.refusals += reply.text
  }
  // what is faulty in a file is said to who sent it
  const line = secret('a file')
  await control('/import', post({ files: { hospitals: line, specialities: line, consultants: line, schedules: line } }))

  // errors of ours, where the server was made to have them
  for (const mishap of MISHAPS.filter((one) => one !== 'Crashing')) {
    await ask(500, 'POST', '/api/patients', person(`of a ${mishap} request`, mishap))
  }

  // what others can read
  const others: string[] = []
  for (const { method, template } of server.contract.operations) {
    if (method !== 'GET' || template.startsWith('/api/patients') || template === '/ws/notify') continue
    for (const value of [1, 2, id, kept, patientId]) {
      const path = template.replace(/\{[^}]+\}/g, String(value))
      others.push(textOf(await stranger.call('GET', path)))
      if (path === template) break
    }
  }
  others.push(textOf(await stranger.call('GET', `/api/notifications/events?from=${next}`)))
  others.push(textOf(await stranger.call('POST', '/api/patients', registered)))
  others.push(textOf(await stranger.call('POST', bookings, { ...asked, sessionInstanceId: 999 }, once)))
  others.push(textOf(await stranger.call('PUT', `${bookings}/${kept}/cancel`, {})))
  others.push(...(await socket.got(5)))
  told['answers to others'] = others.join('\n')
  told.audit = (await server.call('GET', '/api/admin/audit?size=200')).text
  told.metrics = (await server.call('GET', '/metrics')).text
  const processes = [server, ...servicesOf(server)]
  for (const { output } of processes) {
    const keyless = await fetch(`http://${metricsAt.exec(output())![1]}/metrics`)
    told.metrics += await keyless.text()
  }
  socket.close()
  for (const one of processes) await one.stop()
  const database = server.services ? [server.services.database] : []
  told.output = [...processes, ...database].map(({ output }) => output()).join('\n')
  return { canaries, told, requests }
}

/** A key that is well formed and nobody's. */
function mintKeyAs(canaries: Canary[]): string {
  const key = mintKey()
  canaries.push({ what: 'an unknown key', value: key })
  return key
}

const leaksOf = ({ canaries, told }: Awaited<ReturnType<typeof tellSecrets>>) =>
  Object.fromEntries(Object.entries(told).map(([where, text]) => [where, canariesIn(text, canaries)]))

const nowhere = { output: [], metrics: [], audit: [], 'answers to others': [], refusals: [] }

test('names, phones, NICs, passports, emails, addresses and keys stay between the server and who sent them', async () => {
  await using server = await start('fails over patients')
  const secrets = await tellSecrets(server)
  expect(secrets.canaries.length).toBeGreaterThan(200)
  expect(leaksOf(secrets)).toEqual(nowhere)
  // it was looked at what was written
  const { output, metrics, audit } = secrets.told
  const lines = output.split('\n').filter((line) => /"msg":"(slow )?request"/.test(line))
  expect(lines.length).toBeGreaterThan(secrets.requests)
  expect(output).toContain('"error":"TypeError"')
  expect(output).toContain('"error":"DatabaseFault","code":"SQLITE_CONSTRAINT_NOTNULL"')
  expect(metrics).toContain('channelling_refusals_total{reason="internal_error",service="patients"} 4')
  expect(metrics).toContain('route="/api/patients/search"')
  expect(audit).toContain('client.created')
  expect(secrets.told['answers to others']).toMatch(
    /"reason":"booking_not_found"[\s\S]*"type":"booking.cancelled"[\s\S]*Online Booking Cancelled - 2/,
  )
})

test('a server that a fault ends does not say whom it was about', async () => {
  await using server = await start('fails over patients')
  const { person, canaries } = aSecretPerson('at the end', 'Crashing')
  await server.call('POST', '/api/patients', person).catch(() => undefined)
  const process = server.services?.processes.patients[0] ?? server
  expect(await process.exited).toBe(1)
  // what it wrote last arrives after its end
  const until = Date.now() + 10_000
  while (!process.output().includes('"error":') && Date.now() < until) await Bun.sleep(10)
  expect(process.output()).toContain('"error":"TypeError"')
  for (const { output } of [server, ...servicesOf(server)]) expect(canariesIn(output(), canaries)).toEqual([])
})

test('a leak is found: in the log, in the metrics, and in a refusal', async () => {
  await using server = await start('tells of patients')
  const leaks = leaksOf(await tellSecrets(server))
  expect(leaks.output).toEqual(expect.arrayContaining(['of a Throwing request: name', 'of a Rejecting request: nic']))
  expect(leaks.output).toContain('a search that finds nobody')
  expect(leaks.metrics).toEqual(expect.arrayContaining(['registered: phone', 'a path of a booking']))
  expect(leaks.refusals).toEqual(expect.arrayContaining(['with too much: email', 'a property']))
})

test('a canary is found however it is written', () => {
  const canaries = [
    { what: 'phone', value: '0771234567' },
    { what: 'nic', value: '199013900123' },
    { what: 'email', value: 'jane@x.example' },
    { what: 'address', value: '12 Galle Road' },
  ]
  const base64 = Buffer.from('jane@x.example').toString('base64')
  for (const [text, found] of [
    ['{"phone":"+94771234567"}', ['phone']],
    ['nic_key=199013900123', ['nic']],
    ['JANE@X.EXAMPLE', ['email']],
    ['?email=jane%40x.example', ['email']],
    [base64, ['email']],
    ['12%20Galle%20Road', ['address']],
    ['77123456 19901390012 jane@y.example', []],
  ] as const) {
    expect([text, canariesIn(text, canaries)]).toEqual([text, [...found]])
  }
})
