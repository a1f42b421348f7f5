import { expect, test } from 'bun:test'
import { type Caller, scopes } from '@channelling/contract'
import { createLog, IDENTITY_HEADER } from '@channelling/http'
import { ORIGIN_HEADER } from './administration'
import type { Route } from './directory'
import { createFront } from './front'
import { createRateLimiter } from './limits/rate-limit'
import { createMetrics, createObserver } from './observation'
import type { Outgoing, Service } from './upstream'

const caller: Caller = { clientId: 7, keyId: 9, access: 'own', scopes }
const log = createLog('silent', 'test')

/** What a service is sent of a request. */
async function sentFor(
  given: Request,
  of: Pick<Service, 'notesOrigin' | 'elsewhere'> = { elsewhere: true },
): Promise<Request> {
  let sent: Request | undefined
  const send = async ({ target, ...rest }: Outgoing) => {
    sent = new Request(`http://localhost${target}`, rest)
    return new Response('{}')
  }
  const route: Route = {
    template: '/api/patients',
    scope: 'patients:write',
    takes: { query: true, body: true },
    service: { ...of, name: 'patients', send },
  }
  const front = createFront({
    contextRoot: '',
    isOwn: () => false,
    addressOf: () => '192.0.2.1',
    authenticate: () => caller,
    rateLimiter: createRateLimiter({ reads: 0, writes: 0 }, Date.now),
    waiting: { begin: () => () => {} },
    directory: () => ({ find: () => route, routes: [] }),
    observer: createObserver({ metrics: createMetrics(), log, output: { gather: () => {} }, slowMs: 0 }),
    log,
  })
  await front(given)
  return sent!
}

/** Headers that mean something to somebody on the way, or to a service. */
const telling = [
  'finance',
  'authorization',
  'cookie',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'forwarded',
  'proxy-authorization',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'x-original-url',
  'x-http-method-override',
  'range',
  'origin',
  'referer',
  'user-agent',
  'x-anything',
  'x_identity',
  'x.identity',
  IDENTITY_HEADER,
  IDENTITY_HEADER.replaceAll('-', '_'),
  IDENTITY_HEADER.replaceAll('-', '.'),
  ORIGIN_HEADER,
  ORIGIN_HEADER.replaceAll('-', '_'),
  'x-request-id',
  'x_request_id',
  'x-deadline',
]

test('a service is sent what the gateway built and no header of the caller but five, whatever he calls the others', async () => {
  const forged = Object.fromEntries(telling.map((name) => [name, 'forged']))
  const passed = {
    accept: 'application/json',
    'content-type': 'application/json',
    'idempotency-key': 'mine',
    'if-none-match': '"a"',
    'last-event-id': '7',
  }
  const aRequest = () =>
    new Request('http://hospital.example/api/patients?x=1', {
      method: 'POST',
      headers: { ...forged, ...passed, 'content-length': '2' },
      body: '{}',
    })
  const { url, method, headers } = await sentFor(aRequest())
  expect([url, method]).toEqual(['http://localhost/api/patients?x=1', 'POST'])
  const received = headers.toJSON() as Record<string, string>
  for (const [name, value] of Object.entries(passed)) expect([name, received[name]]).toEqual([name, value])
  const built = [...Object.keys(passed), 'traceparent', 'x-request-id']
  expect(Object.keys(received).sort()).toEqual(built.sort())
  expect(Object.values(received)).not.toContain('forged')
  // one that keeps an account of who did what is told from where; in the same process nobody asks for the trace
  const noted = (await sentFor(aRequest(), { notesOrigin: true })).headers.toJSON() as Record<string, string>
  const own = built.filter((name) => name !== 'traceparent')
  expect(Object.keys(noted).sort()).toEqual([...own, ORIGIN_HEADER].sort())
  expect(noted[ORIGIN_HEADER]).toBe('192.0.2.1')
})
