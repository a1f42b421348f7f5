/** Makes sure of what the tests need and packages do not bring: a browser, strace, a NATS server, and wget. */
import { chromiumPath } from './support/chromium'
import { natsPath } from './support/nats'
import { hasStrace } from './support/strace'

interface Need {
  name: string
  there: () => boolean
  packages: string[]
  /** What to do where it cannot be installed. */
  otherwise: string
}

const needs: Need[] = [
  {
    name: 'Chromium',
    there: () => chromiumPath() !== undefined,
    packages: ['chromium'],
    otherwise: 'Install Chromium, or name one in CHROMIUM',
  },
  { name: 'strace', there: hasStrace, packages: ['strace'], otherwise: 'Install strace' },
  {
    name: 'nats-server',
    there: () => natsPath() !== undefined,
    packages: ['nats-server'],
    otherwise: 'Install nats-server',
  },
  {
    name: 'wget',
    there: () => Bun.which('wget') !== null,
    packages: ['wget'],
    otherwise: 'Install wget',
  },
]

function run(need: Need, ...command: string[]): void {
  const root = process.getuid?.() === 0
  const { exitCode } = Bun.spawnSync(root ? command : ['sudo', ...command], {
    stdout: 'inherit',
    stderr: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (exitCode === 0) return
  console.error(`Could not install ${need.name} (${command.join(' ')}). ${need.otherwise}`)
  process.exit(1)
}

for (const need of needs) {
  if (need.there()) continue
  console.error(`No ${need.name} found; installing it`)
  run(need, 'apt-get', 'update', '-qq')
  run(need, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...need.packages)
  if (!need.there()) process.exit(1)
}
