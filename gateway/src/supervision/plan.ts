import { mkdirSync } from 'node:fs'
import type { Settings } from '@channelling/settings'
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

/** A port for each of `count` processes: `first` and those after it, or free ones where `first` is 0. */
const portsFrom = (first: number, count: number): number[] =>
  first === 0 ? freePorts(count) : Array.from({ length: count }, (_, index) => first + index)

/**
 * Every service on free ports of the loopback, and the gateways in front of them, the first where `PORT` says.
 * @param shared what all of them are told
 */
export function planProcesses(
  settings: Settings,
  replicas: Replicas,
  shared: Record<string, string | undefined>,
): { services: Addressed[]; gateways: Addressed[] } {
  const names = serviceNames.flatMap((name) => Array.from({ length: replicas[name] }, (_, index) => ({ name, index })))
  const ports = freePorts(names.length)
  const { METRICS_PORT: metrics } = settings
  /** Of each process a port of its own: the one that was named, and those after it; where any will do each takes a free one. */
  const metricsOf = (at: number) => (metrics ? { METRICS_PORT: String(metrics + at) } : {})
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
  const gatewayPorts = portsFrom(settings.PORT, replicas.gateway)
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
