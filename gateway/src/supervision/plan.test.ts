import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings } from '@channelling/settings'
import { CommandFailed } from '../commands/command'
import { planProcesses } from './plan'

test('where metrics are asked for, every process tells its own on a port of its own, the gateways first', () => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'plan-'))
  const settings = readSettings({ DATA_DIR, METRICS_PORT: '9100', PORT: '0' })
  const replicas = { gateway: 2, catalogue: 1, bookings: 2, patients: 1, notifications: 1 }
  const { services, gateways } = planProcesses(settings, replicas, { METRICS_PORT: '9100' })
  const ports = [...gateways, ...services].map(({ name, environment }) => [name, environment.METRICS_PORT])
  expect(ports).toEqual([
    ['gateway-1', '9100'],
    ['gateway-2', '9101'],
    ['catalogue-1', '9102'],
    ['bookings-1', '9103'],
    ['bookings-2', '9104'],
    ['patients-1', '9105'],
    ['notifications-1', '9106'],
  ])
  rmSync(DATA_DIR, { recursive: true })
})

test.each([
  ['PORT', 65_534, { PORT: '65534' }],
  ['METRICS_PORT', 65_530, { METRICS_PORT: '65530' }],
])('where there are too few ports from %s=%i on, that is said before anything starts', (name, first, given) => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'plan-'))
  const settings = readSettings({ DATA_DIR, ...given })
  const replicas = { gateway: 3, catalogue: 1, bookings: 1, patients: 1, notifications: 1 }
  expect(() => planProcesses(settings, replicas, given)).toThrow(
    new CommandFailed(
      `${name}=${first} leaves too few ports: ${name === 'PORT' ? 3 : 7} are needed from there on, and 65535 is the last`,
    ),
  )
  expect(readdirSync(DATA_DIR)).toEqual([])
  rmSync(DATA_DIR, { recursive: true })
})

test('the last port there is will do', () => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'plan-'))
  const replicas = { gateway: 3, catalogue: 1, bookings: 1, patients: 1, notifications: 1 }
  const { gateways } = planProcesses(readSettings({ DATA_DIR, PORT: '65533' }), replicas, {})
  expect(gateways.map(({ environment }) => environment.PORT)).toEqual(['65533', '65534', '65535'])
  rmSync(DATA_DIR, { recursive: true })
})
