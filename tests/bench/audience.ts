/** Many sockets in this process, and when each event arrived at each of them. */
export interface Audience {
  /** When an event, by its `bookingId`, arrived: one instant for each socket that has got it. */
  arrivals: Map<number, number[]>
  /** Frames with an event so far. */
  frames(): number
  close(): void
}

/** Connections that are made at a time, fewer than a listener's backlog. */
const AT_ONCE = 100

export interface AudienceGiven {
  url: string
  /** How many sockets. */
  count: number
  /** Whether the server says something once events follow; without it they follow from the opening on. */
  greets?: boolean
  options?: { headers?: Record<string, string>; protocols?: string[] }
}

export async function gather({ url, count, greets = false, options = {} }: AudienceGiven): Promise<Audience> {
  const arrivals = new Map<number, number[]>()
  let frames = 0
  const sockets: WebSocket[] = []
  const take = ({ data }: MessageEvent) => {
    const at = performance.now()
    const named = /"bookingId":(\d+)/.exec(data as string)
    if (!named) return
    frames++
    const id = Number(named[1])
    const times = arrivals.get(id)
    if (times) times.push(at)
    else arrivals.set(id, [at])
  }
  const join = () =>
    new Promise<WebSocket>((resolve, reject) => {
      // Bun takes options where browsers take protocols
      const socket = new WebSocket(url, options as unknown as string[])
      const ready = () => resolve(socket)
      if (greets) socket.addEventListener('message', ready, { once: true })
      else socket.onopen = ready
      socket.onerror = () => reject(new Error('A socket did not open'))
      socket.onmessage = take
    })
  while (sockets.length < count) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, join))))
  }
  return {
    arrivals,
    frames: () => frames,
    close() {
      for (const socket of sockets) socket.close()
    },
  }
}
