import { existsSync } from 'node:fs'

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser for the tests: the one that CHROMIUM names, or one in the usual places. */
export const chromiumPath = (): string | undefined =>
  [process.env.CHROMIUM ?? '', ...usual].find((path) => path !== '' && existsSync(path))
