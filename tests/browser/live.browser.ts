import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { chanceFor } from '../support/chance'
import { type ApiClient, aClient } from '../support/client'
import { startCuts } from '../support/cuts'
import { aHospital, aSession } from '../support/hospital'
import { freePort } from '../support/port'
import { type Server, startServer } from '../support/server'

/** Of a screen in a waiting room, on a web server of its own. */
const page = (url: string) => `<!doctype html>
<title>Waiting room</title>
<link rel="icon" href="data:,">
<p id="state"></p>
<ol id="events"></ol>
<script type="module">
  import { subscribe } from '/client/index.js'
  const add = (text) => events.append(Object.assign(document.createElement('li'), { textContent: text }))
  subscribe({
    url: ${JSON.stringify(url)},
    sessions: [1],
    async ticket() {
      const response = await fetch('/ticket', { method: 'POST' })
      if (!response.ok) throw Object.assign(new Error('No ticket'), { status: response.status })
      return response.text()
    },
    onEvent: ({ type, sessionId }) => add(type + ' ' + sessionId),
    onState(is) {
      state.textContent = is.state + (is.ending ? ' ' + JSON.stringify(is.ending) : '')
    },
  })
</script>`

/** The web server of the screen, with the client as it is published. It holds the key; the page never does. */
async function aWebsite(port: number, url: string, screen: ApiClient) {
  const folder = mkdtempSync(join(tmpdir(), 'client-'))
  const built = Bun.spawnSync([process.execPath, join(import.meta.dir, '../../libs/client/build.ts'), folder])
  if (built.exitCode !== 0) throw new Error(`The client was not built: ${built.stderr}`)
  const website = Bun.serve({
    port,
    hostname: '127.0.0.1',
    routes: {
      '/': () => new Response(page(url), { headers: { 'content-type': 'text/html' } }),
      '/client/index.js': new Response(await Bun.file(join(folder, 'index.js')).text(), {
        headers: { 'content-type': 'text/javascript' },
      }),
      '/ticket': {
        async POST() {
          const issued = await screen.call('POST', '/api/notifications/tickets').catch(() => null)
          return new Response(issued?.body.data?.ticket, { status: issued?.status ?? 503 })
        },
      },
    },
  })
  return {
    async [Symbol.asyncDispose]() {
      await website.stop(true)
      rmSync(folder, { recursive: true })
    },
  }
}

const book = async (server: Server, sessionInstanceId: number) => {
  const booked = await server.call('POST', '/api/channel/bookings', { sessionInstanceId, patientId: 1 })
  expect(booked.status).toBe(201)
}

test('a page sees bookings as they happen, those that are made while it is cut off too, and stops when its key is retired', async ({
  page,
}) => {
  const port = freePort()
  const origin = `http://127.0.0.1:${port}`
  await using server = await startServer({
    seed: aHospital({ sessions: [aSession(), aSession()] }),
    environment: { CORS_ORIGINS: origin },
  })
  const screen = await aClient(server, { scopes: ['notifications:read'] })
  // the address stays when the server is started again on another port
  await using network = await startCuts(() => server.port, chanceFor('live page'), [60_000, 60_000])
  await using _website = await aWebsite(port, `http://127.0.0.1:${network.port}`, screen)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  const shown = page.locator('#events li')

  await page.goto(origin)
  await expect(page.locator('#state')).toHaveText('live')
  await book(server, 1)
  await expect(shown).toHaveText(['booking.completed 1'])
  await book(server, 2)
  await book(server, 1)
  await expect(shown).toHaveText(Array(2).fill('booking.completed 1'))

  await server.kill()
  await expect(page.locator('#state')).not.toHaveText('live')
  await server.restart()
  await book(server, 1)
  await expect(shown).toHaveText(Array(3).fill('booking.completed 1'), { timeout: 20_000 })

  expect((await server.call('PUT', `/api/admin/keys/${screen.keyId}/retire`)).status).toBe(200)
  await expect(page.locator('#state')).toHaveText('closed {"why":"refused","status":4401,"reason":"key_retired"}')
  expect(complaints).toEqual([])
})

test('a page of an origin that is not allowed sees nothing', async ({ page }) => {
  const port = freePort()
  await using server = await startServer({ seed: aHospital() })
  const screen = await aClient(server, { scopes: ['notifications:read'] })
  await using _website = await aWebsite(port, server.url, screen)
  await page.goto(`http://127.0.0.1:${port}`)
  await expect(page.locator('#state')).toHaveText('waiting')
  await book(server, 1)
  await expect(page.locator('#state')).toHaveText('waiting')
  await expect(page.locator('#events li')).toHaveCount(0)
})
