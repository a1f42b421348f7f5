/** Makes sure of what the tests need and packages do not bring: a browser. */
import { chromiumPath } from './support/chromium'

if (!chromiumPath()) {
  const root = process.getuid?.() === 0
  const run = (...command: string[]) => {
    const { exitCode } = Bun.spawnSync(root ? command : ['sudo', ...command], {
      stdout: 'inherit',
      stderr: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (exitCode !== 0) {
      console.error(`Could not install a browser (${command.join(' ')}). Install Chromium, or name one in CHROMIUM`)
      process.exit(1)
    }
  }
  console.error('No Chromium found; installing it')
  run('apt-get', 'update', '-qq')
  run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium')
  if (!chromiumPath()) process.exit(1)
}
