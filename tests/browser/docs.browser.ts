import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { aHospital } from '../support/hospital'
import { type Server, startServer } from '../support/server'

/** Cuts the network: what is not for the server is stopped, and told of. */
async function cutOff(context: BrowserContext, server: Server): Promise<string[]> {
  const strays: string[] = []
  const { origin } = new URL(server.url)
  await context.route(
    (url) => url.origin !== origin,
    (route) => {
      strays.push(route.request().url())
      return route.abort()
    },
  )
  return strays
}

/** Everything that the page complains of. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  return complaints
}

for (const contextRoot of ['', '/channelling']) {
  test(`the docs page of ${contextRoot || 'a server at the root'} takes a key and tries sessions out, without the internet`, async ({
    page,
    context,
  }) => {
    await using server = await startServer({
      environment: { CONTEXT_ROOT: contextRoot },
      seed: aHospital({ patients: 1 }),
    })
    const strays = await cutOff(context, server)
    const complaints = complaintsOf(page)

    await page.goto(`${server.url}/docs`)
    await expect(page.getByRole('heading', { name: /Channelling API/ })).toBeVisible()
    for (const tag of ['Discovery', 'Catalogue', 'Bookings', 'Patients', 'Notifications', 'Administration']) {
      await expect(page.locator(`#operations-tag-${tag}`)).toBeVisible()
    }
    await page.screenshot({ path: test.info().outputPath('opened.png') })

    await page.getByRole('button', { name: 'Authorize', exact: true }).click()
    const dialog = page.locator('.auth-container').filter({ hasText: 'Name: Finance' })
    await dialog.getByRole('textbox').fill(server.key)
    await dialog.getByRole('button', { name: 'Apply credentials' }).click()
    await expect(dialog.getByText('Authorized')).toBeVisible()
    await page.screenshot({ path: test.info().outputPath('authorized.png') })
    await page.getByRole('button', { name: 'Close' }).first().click()

    const operation = page.locator('#operations-Catalogue-listSessions')
    await operation.locator('.opblock-summary').click()
    const answered = page.waitForResponse((response) => response.url().includes('/api/channel/sessions'))
    await operation.getByRole('button', { name: 'Execute' }).click()
    const answer = await answered
    expect(answer.status()).toBe(200)
    expect(new URL(answer.url()).pathname).toBe(`${contextRoot}/api/channel/sessions`)
    expect((await answer.json()).data).toHaveLength(1)

    const shown = operation.locator('.live-responses-table .response')
    await expect(shown.locator('.response-col_status')).toContainText('200')
    await expect(shown.locator('.response-col_description')).toContainText('"City Hospital"')

    await page.screenshot({ path: test.info().outputPath('answer.png'), fullPage: true })
    expect(complaints).toEqual([])
    expect(strays).toEqual([])
  })
}

test('a request to anywhere else is stopped, and told of', async ({ page, context }) => {
  await using server = await startServer()
  const strays = await cutOff(context, server)
  await page.goto(`${server.url}/docs`)
  const reached = await page.evaluate(() =>
    fetch('http://127.0.0.1:9/elsewhere', { mode: 'no-cors' }).then(
      () => true,
      () => false,
    ),
  )
  expect(reached).toBe(false)
  // the page's own policy lets it ask nobody else, before the network is asked
  await page.goto('http://channelling.invalid/').catch(() => {})
  expect(strays).toContain('http://channelling.invalid/')
})
