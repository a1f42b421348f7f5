import type { Access, Paging, Scope } from '@channelling/contract'
import { CommandFailed } from './command'
import type { Reach } from './reach'

/** A client and a key as administration answers them; dates as it formats them. */
export interface ClientAnswer {
  id: number
  name: string
  contact: string | null
  access: Access
  createdAt: string
  disabledAt: string | null
}

export interface KeyAnswer {
  id: number
  clientId: number
  client: string
  prefix: string
  last4: string
  scopes: Scope[]
  createdAt: string
  expiresAt: string
  active: boolean
  retiredAt: string | null
  lastUsedAt: string | null
}

export interface DayUsageAnswer {
  day: string
  requests: number
}

export interface ActAnswer {
  id: number
  at: string
  /** Null for the command line. */
  clientId: number | null
  keyId: number | null
  action: string
  subject: string
  origin: string
}

/** Of a query; what is undefined is left out. */
type Query = Record<string, string | number | undefined>

/** The records that a command works on. What administration refuses is a `CommandFailed` with its message. */
export interface Records {
  clients(): Promise<ClientAnswer[]>
  client(id: number): Promise<ClientAnswer>
  keys(clientId?: number): Promise<KeyAnswer[]>
  /** Latest day first. */
  usage(keyId: string, range: { fromDate?: string; toDate?: string }): Promise<DayUsageAnswer[]>
  /** A page of the audit, newest first. */
  audit(asked: { from?: string; to?: string } & Paging): Promise<{ acts: ActAnswer[]; total: number }>
  post<Answer>(path: string, body: object): Promise<Answer>
  put<Answer>(path: string, body?: object): Promise<Answer>
}

const PAGE_SIZE = 200

interface Answered<Data> {
  message?: string
  fields?: { path: string; message: string }[]
  data: Data
  page: { total: number }
}

export function recordsOf(reached: Reach): Records {
  async function ask<Data>(method: string, path: string, body?: object): Promise<Answered<Data>> {
    const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await reached.fetch(path, { method, ...init })
    const answered = (await response.json()) as Answered<Data>
    if (!response.ok) throw new CommandFailed(messageOf(answered))
    return answered
  }

  async function all<Item>(path: string, query: Query = {}): Promise<Item[]> {
    const items: Item[] = []
    for (let page = 0; ; page++) {
      const answered = await ask<Item[]>('GET', withQuery(path, { page, size: PAGE_SIZE, ...query }))
      items.push(...answered.data)
      if (answered.data.length < PAGE_SIZE) return items
    }
  }

  return {
    clients: () => all('/api/admin/clients'),
    client: async (id) => (await ask<ClientAnswer>('GET', `/api/admin/clients/${id}`)).data,
    keys: (clientId) => all('/api/admin/keys', { clientId }),
    usage: (keyId, range) => all(`/api/admin/keys/${keyId}/usage`, range),
    async audit(asked) {
      const { data, page } = await ask<ActAnswer[]>('GET', withQuery('/api/admin/audit', { ...asked }))
      return { acts: data, total: page.total }
    },
    post: async <Answer>(path: string, body: object) => (await ask<Answer>('POST', path, body)).data,
    put: async <Answer>(path: string, body?: object) => (await ask<Answer>('PUT', path, body)).data,
  }
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return `${path}?${given.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join('&')}`
}

const messageOf = ({ message = 'It did not work', fields = [] }: Answered<unknown>) =>
  [message, ...fields.map((fault) => `${fault.path} ${fault.message}`)].join('; ')
