import { parseArgs } from 'node:util'
import { type Access, createCalendar, scopes } from '@channelling/contract'
import { readSettings } from '@channelling/settings'
import { CommandFailed, remark, runCommand, say, WrongUsage } from './command'
import { accessOf, aYearFrom, expiryOf, overlapOf, scopesOf } from './options'
import { reach } from './reach'
import { type ClientAnswer, type KeyAnswer, type Records, recordsOf } from './records'
import { table } from './table'

const HELP = `Usage: bun run keys <command>

  list [--client <name or id>]      the keys, newest first
  clients                           the API clients
  issue --client <name or id> --scopes <a,b or all> [--access own|all] [--expires yyyy-MM-dd]
                                    a new key; a client of a new name is registered, with access own unless told
  rotate <id> [--overlap minutes] [--expires yyyy-MM-dd]
                                    a new key in place of key <id>, which goes on working for the overlap (0)
  activate <id>, deactivate <id>    switch a key on or off
  retire <id>                       take a key out of use for good
  usage <id>                        the requests it made, day by day, latest first

A new key is shown once, alone on the output. --expires is the last day on which it works: a year from today for issue; for
rotate, as long a life as the old key was given. Works beside a running server, and without one. DATA_DIR tells where the data is.

Scopes: ${scopes.join(' ')}`

const options = {
  help: { type: 'boolean', short: 'h' },
  client: { type: 'string' },
  access: { type: 'string' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
  overlap: { type: 'string' },
} as const

type Option = Exclude<keyof typeof options, 'help'>
type Given = Partial<Record<Option, string>>

interface Command {
  takes: readonly Option[]
  /** Whether it is about one key, named by its id. */
  ofKey?: true
  run(records: Records, given: Given, id: number, now: string): Promise<void>
}

const commands: Record<string, Command> = {
  list: {
    takes: ['client'],
    async run(records, given, _id, now) {
      const clients = await records.clients()
      const only = given.client === undefined ? undefined : named(clients, given.client)
      if (given.client !== undefined && !only) throw new CommandFailed(`There is no client ${given.client}`)
      const disabled = new Set(clients.filter(({ disabledAt }) => disabledAt !== null).map(({ id }) => id))
      const keys = await records.keys(only?.id)
      const rows = keys.map((key) => [
        String(key.id),
        key.client,
        `${key.prefix}…${key.last4}`,
        stateOf(key, disabled.has(key.clientId), now),
        key.expiresAt,
        key.lastUsedAt ?? 'never',
        scopes.every((scope) => key.scopes.includes(scope)) ? 'all' : key.scopes.join(','),
      ])
      say(table(['id', 'client', 'key', 'state', 'expires', 'last used', 'scopes'], rows))
    },
  },
  clients: {
    takes: [],
    async run(records) {
      const rows = (await records.clients()).map(({ id, name, access, contact, createdAt, disabledAt }) => [
        String(id),
        name,
        access,
        disabledAt === null ? 'enabled' : `disabled ${disabledAt}`,
        createdAt,
        contact ?? '',
      ])
      say(table(['id', 'name', 'access', 'state', 'registered', 'contact'], rows))
    },
  },
  issue: {
    takes: ['client', 'access', 'scopes', 'expires'],
    async run(records, given, _id, now) {
      if (given.client === undefined) throw new WrongUsage('issue needs --client')
      if (given.scopes === undefined) throw new WrongUsage('issue needs --scopes')
      const wanted = { scopes: scopesOf(given.scopes), expiresAt: expiryOf(given.expires, now) ?? aYearFrom(now) }
      const access = accessOf(given.access)
      const client = await clientFor(records, given.client, access)
      tellNew(await records.post('/api/admin/keys', { clientId: client.id, ...wanted }))
    },
  },
  rotate: {
    takes: ['overlap', 'expires'],
    ofKey: true,
    async run(records, given, id, now) {
      const overlapMinutes = overlapOf(given.overlap)
      const expiresAt = expiryOf(given.expires, now)
      tellNew(
        await records.put<KeyAnswer & { key: string }>(`/api/admin/keys/${id}/rotate`, { overlapMinutes, expiresAt }),
      )
    },
  },
  activate: changing('activate', 'is switched on'),
  deactivate: changing('deactivate', 'is switched off'),
  retire: changing('retire', 'is retired'),
  usage: {
    takes: [],
    ofKey: true,
    async run(records, _given, id) {
      const rows = (await records.usage(id)).map(({ day, requests }) => [day.slice(0, 10), String(requests)])
      say(table(['day', 'requests'], rows))
    },
  },
}

function changing(change: string, done: string): Command {
  return {
    takes: [],
    ofKey: true,
    async run(records, _given, id) {
      const key = await records.put<KeyAnswer>(`/api/admin/keys/${id}/${change}`)
      say(`Key ${key.id} of ${key.client} ${done}`)
    },
  }
}

async function keys(): Promise<void> {
  const { values, positionals } = parseArgs({ args: process.argv.slice(2), options, allowPositionals: true })
  const [name, ...rest] = positionals
  if (values.help) return say(HELP)
  if (name === undefined) throw new WrongUsage('Name a command')
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new WrongUsage(`There is no command ${name}`)
  const { help: _, ...given } = values
  const foreign = Object.keys(given).find((option) => !command.takes.includes(option as Option))
  if (foreign) throw new WrongUsage(`${name} takes no --${foreign}`)
  const id = command.ofKey ? idOf(name, rest) : 0
  if (!command.ofKey && rest.length > 0) throw new WrongUsage(`${name} takes no ${rest[0]}`)

  const settings = readSettings(process.env)
  const now = createCalendar(settings.TIME_ZONE).format(Date.now())
  const reached = await reach(settings)
  try {
    await command.run(recordsOf(reached), given, id, now)
  } finally {
    await reached.close()
  }
}

function idOf(command: string, [given, ...rest]: string[]): number {
  if (given === undefined || rest.length > 0 || !/^[1-9]\d{0,14}$/.test(given)) {
    throw new WrongUsage(`${command} needs the id of one key`)
  }
  return Number(given)
}

/** By id where it is a number, otherwise by name. */
const named = (clients: ClientAnswer[], given: string) =>
  clients.find(({ id, name }) => (/^\d+$/.test(given) ? id === Number(given) : name === given))

async function clientFor(records: Records, given: string, access: Access | undefined): Promise<ClientAnswer> {
  const client = named(await records.clients(), given)
  if (client && access && client.access !== access) {
    throw new CommandFailed(`The client has access ${client.access} already; --access is for a new one`)
  }
  if (client) return client
  if (/^\d+$/.test(given)) throw new CommandFailed(`There is no client ${given}`)
  return records.post<ClientAnswer>('/api/admin/clients', { name: given, access })
}

function stateOf(key: KeyAnswer, clientDisabled: boolean, now: string): string {
  if (key.retiredAt !== null && key.retiredAt <= now) return 'retired'
  if (!key.active) return 'off'
  if (clientDisabled) return 'client disabled'
  if (key.expiresAt <= now) return 'expired'
  return key.retiredAt === null ? 'working' : `until ${key.retiredAt}`
}

function tellNew({ id, client, expiresAt, active, key }: KeyAnswer & { key: string }): void {
  remark(`Key ${id} of ${client}, ${active ? '' : 'switched off, '}until ${expiresAt}. It is shown this once:`)
  say(key)
}

await runCommand(keys)
