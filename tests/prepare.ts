/** Makes sure of what the tests need and packages do not bring: a browser, strace, a NATS server, and clients that are not ours. */
import { chromiumPath } from './support/chromium'
import { natsPath } from './support/nats'
import { hasPythonClient } from './support/plain-client'
import { hasStrace } from './support/strace'

interface Need {
  name: string
  there: () => boolean
  packages: string[]
  /** What to do where it cannot be installed. */
  otherwise: string
  /** Whether the tests can do without, and then name it. */
  optional?: true
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
  { name: 'node', there: () => Bun.which('node') !== null, packages: ['nodejs'], otherwise: 'Install Node' },
  {
    name: 'python3-websocket',
    there: hasPythonClient,
    packages: ['python3-websocket'],
    otherwise: 'One client less sees what screens are sent',
    optional: true,
  },
]

/** @returns whether it could be */
function run(need: Need, ...command: string[]): boolean {
  const root = process.getuid?.() === 0
  const whole = root ? command : ['sudo', ...command]
  const done =
    Bun.which(whole[0]!) !== null &&
    Bun.spawnSync(whole, {
      stdout: 'inherit',
      stderr: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).success
  if (!done) console.error(`Could not install ${need.name} (${command.join(' ')}). ${need.otherwise}`)
  return done
}

for (const need of needs) {
  if (need.there()) continue
  console.error(`No ${need.name} found; installing it`)
  const installed =
    run(need, 'apt-get', 'update', '-qq') &&
    run(need, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...need.packages) &&
    need.there()
  if (!installed && !need.optional) process.exit(1)
}
