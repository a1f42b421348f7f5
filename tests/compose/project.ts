import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '@channelling/schema'
import { freePort } from '../support/port'
import type { ServiceName, Services, ServicesGiven } from '../support/services'
import { type Container, container, type Runnable, runnable } from './container'
import { composeText, readCompose } from './file'
import { imageEnvironment } from './image'
import type { Place } from './place'

/** Of what the file starts a process, with the addresses that all of them are told. */
interface Spot {
  ports: Map<string, number>
}

export interface Project extends Services {
  /** Every container but the gateway, by the name of its service. */
  containers: ReadonlyMap<string, readonly Container[]>
  /** What the gateway is to be run as in an environment; the folder is for its volume. */
  gateway: (environment: Record<string, string>, folder: string) => Runnable
}

export interface ProjectGiven extends ServicesGiven {
  /** Where the image's files are; the checkout unless it says. */
  cwd?: string
  /** Whether containers can write nothing but their volumes, as the file says. */
  readOnly?: boolean
}

const INTERNAL_SECRET = 'a secret between containers, for tests only'

/**
 * Starts what docker-compose.yml names but the gateway, as processes of this machine: the very commands, environments and health
 * checks, with the addresses and volumes of this machine in place of the containers'. `environment` is what the operator exports.
 */
export async function startProject({
  seed,
  environment = {},
  replicas = {},
  cwd,
  readOnly,
}: ProjectGiven = {}): Promise<Project> {
  const text = await composeText()
  const exported = { INTERNAL_SECRET, ...environment }
  const file = readCompose(text, exported)
  const image = await imageEnvironment()
  const folder = mkdtempSync(join(tmpdir(), 'compose-'))
  const spots = new Map<string, Spot[]>()
  for (const [name, { expose, command }] of Object.entries(file.services)) {
    const count = replicas[name as ServiceName] ?? 1
    const listens = [...expose, ...command.flatMap((word) => /^127\.0\.0\.1:(\d+)$/.exec(word)?.[1] ?? [])]
    const spot = (): Spot => ({ ports: new Map(listens.map((port) => [port, freePort()])) })
    spots.set(name, Array.from({ length: count }, spot))
  }
  const portsOf = (name: string, port: string) => spots.get(name)?.map(({ ports }) => ports.get(port)!) ?? null

  const placeOf = (volumes: readonly string[], { ports }: Spot, own?: string): Place => ({
    ports,
    portsOf,
    folders: new Map(
      volumes.map((volume) => {
        const [name, path] = volume.split(':') as [string, string]
        const here = own ?? join(folder, name)
        mkdirSync(here, { recursive: true })
        return [path, here]
      }),
    ),
  })
  const begin = (name: string) => {
    const service = file.services[name]!
    return spots.get(name)!.map((spot) => {
      const run = runnable({ service, place: placeOf(service.volumes, spot), imageEnvironment: image, cwd, readOnly })
      return container(name, `http://127.0.0.1:${spot.ports.get(service.expose[0]!)}`, run)
    })
  }

  const others = Object.keys(file.services).filter((name) => name !== 'gateway')
  const containers = new Map(others.map((name) => [name, begin(name)]))
  const of = (name: string) => containers.get(name)!
  const [[database], [nats]] = [of('database'), of('nats')]
  const processes = {
    catalogue: [...of('catalogue')],
    bookings: [...of('bookings')],
    patients: [...of('patients')],
    notifications: [...of('notifications')],
  }
  const all = [...containers.values()].flat()
  const end = async () => {
    await Promise.all(all.map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all([database!.start(), nats!.start()])
    if (seed) {
      const filling = await open({ url: database!.url })
      await seed(filling)
      await filling.close()
    }
    await Promise.all(Object.values(processes).flatMap((among) => among.map((one) => one.start())))
  } catch (error) {
    await end()
    throw error
  }
  return {
    containers,
    database: Object.assign(database!, { [Symbol.asyncDispose]: database!.kill }),
    processes,
    environment: { INTERNAL_SECRET },
    gateway(given, own) {
      const { gateway } = readCompose(text, { ...exported, ...given }).services
      const published = gateway!.ports.map((one) => one.split(':').reverse() as [string, string])
      const ports = new Map(published.map(([inner, outer]) => [inner, Number(outer)]))
      return runnable({
        service: gateway!,
        place: placeOf(gateway!.volumes, { ports }, own),
        imageEnvironment: image,
        cwd,
        readOnly,
      })
    },
    [Symbol.asyncDispose]: end,
  }
}
