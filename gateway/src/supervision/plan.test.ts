import { expect, test } from 'bun:test'
import { readSettings } from '@channelling/settings'
import { planProcesses } from './plan'

test('where metrics are asked for, every process tells its own on a port of its own, the gateways first', () => {
  const settings = readSettings({ METRICS_PORT: '9100', PORT: '0' })
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
})
