/** What a subscriber wants to hear of; with neither, of everything. */
export interface Filter {
  sessions?: readonly number[]
  consultants?: readonly number[]
}

/** Where the socket and the requests of one subscription go. */
export interface Address {
  socket(given: { from: string | null; ticket: string | null }): string
  /** The same question over HTTP, which answers with words where a handshake only fails. */
  events(given: { from: string | null }): string
}

/** The most ids that the server takes of a kind. */
const IDS_MAX = 100

/**
 * @param url what stands before `/ws/notify` and `/api`, with the context root if there is one
 * @throws TypeError
 */
export function addressOf(url: string | URL, filter: Filter): Address {
  const base = new URL(url)
  if (!/^(http|ws)s?:$/.test(base.protocol)) throw new TypeError('The url begins with http, https, ws or wss')
  const secure = base.protocol.endsWith('s:')
  const root = `${base.host}${base.pathname.replace(/\/+$/, '')}`
  const wanted = new URLSearchParams()
  name(wanted, 'sessionId', filter.sessions)
  name(wanted, 'consultantId', filter.consultants)

  const query = (more: Record<string, string | null>) => {
    const all = new URLSearchParams(wanted)
    for (const [key, value] of Object.entries(more)) if (value !== null) all.set(key, value)
    return all.size > 0 ? `?${all}` : ''
  }
  return {
    socket: ({ from, ticket }) => `ws${secure ? 's' : ''}://${root}/ws/notify${query({ from, access_token: ticket })}`,
    events: ({ from }) => `http${secure ? 's' : ''}://${root}/api/notifications/events${query({ from, limit: '1' })}`,
  }
}

function name(query: URLSearchParams, key: string, ids: readonly number[] | undefined): void {
  if (ids === undefined) return
  if (ids.length === 0)
    throw new TypeError('A filter that names nothing would hear of nothing: leave it out to hear of all')
  if (ids.length > IDS_MAX) throw new TypeError(`A filter names at most ${IDS_MAX}`)
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0))
    throw new TypeError('A filter names positive whole numbers')
  query.set(key, [...new Set(ids)].join(','))
}
