import { mkdirSync } from 'node:fs'
import type { Settings } from '@channelling/settings'
import { CommandFailed } from '../commands/command'
import { gatewayFolder } from '../folder'
import { ownAddress } from '../own-address'
import { freePorts } from './free-ports'
import { isOk } from './servers'
import type { Task } from './supervise'

export const serviceNames = ['catalogue', 'bookings', 'patients', 'notifications'] as const

/** How many processes of each there are to be. */
export type Replicas = Record<(typeof serviceNames)[number] | 'gateway', number>

/** A process with an address. */
export interface Addressed extends Task {
  url: string
}

const PORT_MAX = 65_535

/**
 * A port for each of `count` processes: the one that a setting names and those after it, or free ones where it says 0.
 * @throws CommandFailed where there are not as many
 */
function portsOf(setting: 'PORT' | 'METRICS_PORT', first: number, count: number): number[] {
  if (first === 0) return freePorts(count)
  if (first + count - 1 > PORT_MAX) {
    throw new CommandFailed(
      `${setting}=${first} leaves too few ports: ${count} are needed from there on, and ${PORT_MAX} is the last`,
    )
  }
  return Array.from({ length: count }, (_, index) => first + index)
}

/**
 * Every service on free ports of the loopback, and the gateways in front of them, the first where `PORT` says.
 * @param shared what all of them are told
 * @throws CommandFailed where there are too few ports
 */
export function planProcesses(
  settings: Settings,
  replicas: Replicas,
  shared: Record<string, string | undefined>,
): { services: Addressed[]; gateways: Addressed[] } {
  const names = serviceNames.flatMap((name) => Array.from({ length: replicas[name] }, (_, index) => ({ name, index })))
  const gatewayPorts = portsOf('PORT', settings.PORT, replicas.gateway)
  const ports = freePorts(names.length)
  const metrics = settings.METRICS_PORT
    ? portsOf('METRICS_PORT', settings.METRICS_PORT, replicas.gateway + names.length)
    : null
  /** Of each process a port of its own, the gateways first; where any will do each takes a free one. */
  const metricsOf = (at: number) => (metrics ? { METRICS_PORT: String(metrics[at]) } : {})
  const services = names.map(({ name, index }, at) => {
    const url = `http://127.0.0.1:${ports[at]}`
    return {
      service: name,
      name: `${name}-${index + 1}`,
      url,
      command: [process.execPath, pathOf(`../../../services/${name}/src/main.ts`)],
      environment: { ...shared, HOST: '127.0.0.1', PORT: String(ports[at]), ...metricsOf(replicas.gateway + at) },
      isReady: () => isOk(`${url}/health/ready`),
      ours: true,
    }
  })
  const urls = serviceNames.map((name) => [
    `${name.toUpperCase()}_URL`,
    services
      .filter(({ service }) => service === name)
      .map(({ url }) => url)
      .join(','),
  ])
  const gateways = gatewayPorts.map((port, index) => {
    const url = ownAddress(settings, port)
    return {
      name: `gateway-${index + 1}`,
      url,
      command: [process.execPath, pathOf('../main.ts')],
      environment: {
        ...shared,
        ...Object.fromEntries(urls),
        PORT: String(port),
        DATA_DIR: dataDirOf(settings, index + 1),
        ...metricsOf(index),
      },
      isReady: () => isOk(`${url}/health/ready`),
      ours: true,
    }
  })
  return { services, gateways }
}

/** Each gateway has a control socket, in a folder of its own: that of the data is the supervisor's. */
function dataDirOf({ DATA_DIR }: Settings, number: number): string {
  const folder = gatewayFolder(DATA_DIR, number)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

const pathOf = (relative: string) => new URL(relative, import.meta.url).pathname
