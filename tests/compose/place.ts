/** Where what the file names is on this machine: every container has an address of its own there, and here they share one. */
export interface Place {
  /** The port of this machine for each that the container listens on. */
  ports: ReadonlyMap<string, number>
  /** The folder of this machine for each volume's path in the container. */
  folders: ReadonlyMap<string, string>
  /** The ports of this machine for the replicas of a service; null where there is no such service. */
  portsOf: (service: string, port: string) => number[] | null
}

/** A text of the file, as it is to be read on this machine. */
export function placed(text: string, { ports, folders, portsOf }: Place): string {
  const own = ports.get(text)
  if (own !== undefined) return String(own)
  if (text === '0.0.0.0') return '127.0.0.1'
  const folder = [...folders].find(([path]) => text === path || text.startsWith(`${path}/`))
  if (folder) return folder[1] + text.slice(folder[0].length)
  const service = /^((?:dns\+)?[a-z]+:\/\/)([a-z][a-z0-9-]*):(\d+)$/.exec(text)
  if (service) {
    const [, scheme, name, port] = service as unknown as [string, string, string, string]
    const replicas = portsOf(name, port)
    if (!replicas) throw new Error(`${text} is nobody of this file`)
    const among = scheme.startsWith('dns+') ? replicas : replicas.slice(0, 1)
    return among.map((one) => `${scheme}127.0.0.1:${one}`).join(',')
  }
  return text.replace(/\b(0\.0\.0\.0|127\.0\.0\.1)([:/])(\d+)\b/g, (whole, _host, separator, port) =>
    ports.has(port) ? `127.0.0.1${separator}${ports.get(port)}` : whole,
  )
}
