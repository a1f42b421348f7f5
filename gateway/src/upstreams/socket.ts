/** How long a replica may take to open a socket. */
export const OPEN_MS_MAX = 5_000

/** Bun's own client: it takes headers, and breaks a connection without a word. */
export type ServiceSocket = WebSocket & { terminate(): void }

export interface SocketOptions {
  headers?: Record<string, string>
  protocol?: string
}

/** Opens a socket to a service; undefined where it does not open, for whatever reason. */
export function openSocket(url: string, { headers, protocol }: SocketOptions = {}): Promise<ServiceSocket | undefined> {
  const { promise, resolve } = Promise.withResolvers<ServiceSocket | undefined>()
  const protocols = protocol === undefined ? [] : [protocol]
  const options = { headers, protocols, perMessageDeflate: false }
  const socket = new WebSocket(url.replace(/^http/, 'ws'), options as never) as ServiceSocket
  const timer = setTimeout(() => {
    socket.terminate()
    resolve(undefined)
  }, OPEN_MS_MAX)
  socket.onopen = () => resolve(socket)
  socket.onerror = () => {}
  socket.onclose = () => resolve(undefined)
  return promise.finally(() => clearTimeout(timer))
}
