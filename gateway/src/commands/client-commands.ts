import { CommandFailed, say, WrongUsage } from './command'
import type { KeysCommand } from './keys-command'
import { accessOf } from './options'
import type { ClientAnswer } from './records'
import { table } from './table'

/** The client of that id where it is a number, otherwise of that name. */
export const findClient = (clients: ClientAnswer[], given: string): ClientAnswer | undefined =>
  clients.find(({ id, name }) => (/^\d+$/.test(given) ? id === Number(given) : name === given))

/** @throws CommandFailed where there is none */
export function clientNamed(clients: ClientAnswer[], given: string): ClientAnswer {
  const client = findClient(clients, given)
  if (!client) throw new CommandFailed(`There is no client ${given}`)
  return client
}

/** The commands about API clients. */
export const clientCommands: Record<string, KeysCommand> = {
  clients: {
    takes: [],
    async run({ records }) {
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
  'create-client': {
    takes: ['contact', 'access'],
    about: 'client',
    async run({ records, given, subject: name }) {
      const access = accessOf(given.access)
      tell(await records.post('/api/admin/clients', { name, contact: contactOf(given.contact), access }), 'registered')
    },
  },
  'change-client': {
    takes: ['name', 'contact', 'access'],
    about: 'client',
    async run({ records, given, subject }) {
      if (Object.keys(given).length === 0) throw new WrongUsage('change-client needs --name, --contact or --access')
      const change = { name: given.name, contact: contactOf(given.contact), access: accessOf(given.access) }
      const { id } = clientNamed(await records.clients(), subject)
      tell(await records.put(`/api/admin/clients/${id}`, change), 'changed')
    },
  },
  'disable-client': switching('disable', 'disabled'),
  'enable-client': switching('enable', 'enabled'),
}

function switching(change: string, done: string): KeysCommand {
  return {
    takes: [],
    about: 'client',
    async run({ records, subject }) {
      const { id, name } = clientNamed(await records.clients(), subject)
      await records.put(`/api/admin/clients/${id}/${change}`)
      say(`Client ${id}, ${name}, is ${done}`)
    },
  }
}

/** Nothing given as text is no contact; nothing given at all says nothing of it. */
const contactOf = (given: string | undefined) => (given === '' ? null : given)

function tell({ id, name, access, contact }: ClientAnswer, done: string): void {
  say(`Client ${id}, ${name}, is ${done}: access ${access}, ${contact === null ? 'no contact' : `contact ${contact}`}`)
}
