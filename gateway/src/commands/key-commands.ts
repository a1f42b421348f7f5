import { type Access, scopes } from '@channelling/contract'
import { clientNamed, findClient } from './client-commands'
import { CommandFailed, remark, say, WrongUsage } from './command'
import type { KeysCommand } from './keys-command'
import { accessOf, aYearFrom, expiryOf, momentOf, overlapOf, scopesOf } from './options'
import type { ClientAnswer, KeyAnswer, Records } from './records'
import { table } from './table'

type IssuedAnswer = KeyAnswer & { key: string }

/** The commands about keys. */
export const keyCommands: Record<string, KeysCommand> = {
  list: {
    takes: ['client'],
    async run({ records, given, calendar, now }) {
      const clients = await records.clients()
      const only = given.client === undefined ? undefined : clientNamed(clients, given.client)
      const disabled = new Set(clients.filter(({ disabledAt }) => disabledAt !== null).map(({ id }) => id))
      const keys = await records.keys(only?.id)
      const rows = keys.map((key) => [
        String(key.id),
        key.client,
        `${key.prefix}…${key.last4}`,
        stateOf(key, disabled.has(key.clientId), calendar.format(now)),
        key.expiresAt,
        key.lastUsedAt ?? 'never',
        scopes.every((scope) => key.scopes.includes(scope)) ? 'all' : key.scopes.join(','),
      ])
      say(table(['id', 'client', 'key', 'state', 'expires', 'last used', 'scopes'], rows))
    },
  },
  issue: {
    takes: ['client', 'access', 'scopes', 'expires', 'inactive'],
    async run({ records, given, calendar, now }) {
      if (given.client === undefined) throw new WrongUsage('issue needs --client')
      if (given.scopes === undefined) throw new WrongUsage('issue needs --scopes')
      const wanted = {
        scopes: scopesOf(given.scopes),
        expiresAt: expiryOf(given.expires, calendar, now) ?? aYearFrom(calendar.format(now)),
        active: !given.inactive,
      }
      const access = accessOf(given.access)
      const client = await clientFor(records, given.client, access)
      tellNew(await records.post('/api/admin/keys', { clientId: client.id, ...wanted }))
      tellDisabled(client)
    },
  },
  rotate: {
    takes: ['overlap', 'expires'],
    about: 'key',
    async run({ records, given, subject, calendar, now }) {
      const overlapMinutes = overlapOf(given.overlap)
      const expiresAt = expiryOf(given.expires, calendar, now)
      const issued = await records.put<IssuedAnswer>(`/api/admin/keys/${subject}/rotate`, { overlapMinutes, expiresAt })
      tellNew(issued)
      tellDisabled(await records.client(issued.clientId))
    },
  },
  activate: changing('activate', 'is switched on'),
  deactivate: changing('deactivate', 'is switched off'),
  retire: changing('retire', 'is retired'),
  usage: {
    takes: ['from', 'to'],
    about: 'key',
    async run({ records, given, subject, calendar }) {
      const fromDate = momentOf('from', given.from, calendar)
      const toDate = momentOf('to', given.to, calendar)
      const days = await records.usage(subject, { fromDate, toDate })
      const rows = days.map(({ day, requests }) => [day.slice(0, 10), String(requests)])
      say(table(['day', 'requests'], rows))
    },
  },
}

function changing(change: string, done: string): KeysCommand {
  return {
    takes: [],
    about: 'key',
    async run({ records, subject }) {
      const key = await records.put<KeyAnswer>(`/api/admin/keys/${subject}/${change}`)
      say(`Key ${key.id} of ${key.client} ${done}`)
    },
  }
}

async function clientFor(records: Records, given: string, access: Access | undefined): Promise<ClientAnswer> {
  const clients = await records.clients()
  const client = findClient(clients, given)
  if (client && access && client.access !== access) {
    throw new CommandFailed(`The client has access ${client.access} already; --access is for a new one`)
  }
  if (!client && !/^\d+$/.test(given)) {
    return records.post<ClientAnswer>('/api/admin/clients', { name: given, access })
  }
  return clientNamed(clients, given)
}

function stateOf(key: KeyAnswer, clientDisabled: boolean, now: string): string {
  if (key.retiredAt !== null && key.retiredAt <= now) return 'retired'
  if (!key.active) return 'off'
  if (clientDisabled) return 'client disabled'
  if (key.expiresAt <= now) return 'expired'
  return key.retiredAt === null ? 'working' : `until ${key.retiredAt}`
}

function tellNew({ id, client, expiresAt, active, key }: IssuedAnswer): void {
  remark(`Key ${id} of ${client}, ${active ? '' : 'switched off, '}until ${expiresAt}. It is shown this once:`)
  say(key)
}

function tellDisabled({ id, name, disabledAt }: ClientAnswer): void {
  if (disabledAt === null) return
  remark(`${name} is disabled: its keys are refused until it is enabled (enable-client ${id})`)
}
