import { createCalendar, scopes } from '@channelling/contract'
import { readSettings } from '@channelling/settings'
import { auditCommand } from './audit-command'
import { clientCommands } from './client-commands'
import { runCommand, say, WrongUsage } from './command'
import { keyCommands } from './key-commands'
import { type KeysCommand, type Option, readArguments } from './keys-command'
import { SERVICES_HELP } from './place'
import { reach } from './reach'
import { recordsOf } from './records'

const HELP = `Usage: bun run keys <command>

Keys
  list [--client <client>]          the keys, newest first
  issue --client <client> --scopes <a,b or all> [--access own|all] [--expires <when>] [--inactive]
                                    a new key; a client of a new name is registered, with access own unless told
  rotate <id> [--overlap minutes] [--expires <when>]
                                    a new key in place of key <id>, which goes on working for the overlap (0)
  activate <id>, deactivate <id>    switch a key on or off
  retire <id>                       take a key out of use for good
  usage <id> [--from <when>] [--to <when>]
                                    the requests it made, day by day, latest first

Clients
  clients                           the API clients
  create-client <name> [--contact <text>] [--access own|all]
                                    register one, with access own unless told
  change-client <client> [--name <name>] [--contact <text>] [--access own|all]
                                    change what is given; --contact "" takes the contact away
  disable-client <client>           refuse all of its keys
  enable-client <client>            let them work again

Audit
  audit [--from <when>] [--to <when>] [--page <number>] [--size <number>]
                                    who did what to what, when and from where, newest first; page 0 of 20 acts unless told

A <client> is named by its name or its id. <when> is yyyy-MM-dd or "yyyy-MM-dd HH:mm:ss", in the server's zone; in TIME_ZONE where none runs.

A new key is shown once, alone on the output. --expires is the last day on which it works, or the first moment at which it does
not: a year from today for issue; for rotate, as long a life as the old key was given. With --inactive it is switched off until it
is activated. Works beside a running server, and without one. DATA_DIR tells where the data is.

${SERVICES_HELP}

Scopes: ${scopes.join(' ')}`

const commands: Record<string, KeysCommand> = { ...keyCommands, ...clientCommands, audit: auditCommand }

async function keys(): Promise<void> {
  const { values, positionals } = readArguments(process.argv.slice(2))
  const [name, ...rest] = positionals
  if (values.help) return say(HELP)
  if (name === undefined) throw new WrongUsage('Name a command')
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new WrongUsage(`There is no command ${name}`)
  const { help: _, services, ...given } = values
  const foreign = Object.keys(given).find((option) => !command.takes.includes(option as Option))
  if (foreign) throw new WrongUsage(`${name} takes no --${foreign}`)
  const subject = subjectOf(name, command, rest)

  const settings = readSettings(process.env)
  const reached = await reach(settings, { services })
  const calendar = createCalendar(reached.timeZone)
  try {
    await command.run({ records: recordsOf(reached), given, subject, calendar, now: Date.now() })
  } finally {
    await reached.close()
  }
}

function subjectOf(name: string, { about }: KeysCommand, [subject, ...rest]: string[]): string {
  if (!about) {
    if (subject !== undefined) throw new WrongUsage(`${name} takes no ${subject}`)
    return ''
  }
  const isOne = subject !== undefined && rest.length === 0
  if (about === 'client') {
    if (!isOne) throw new WrongUsage(`${name} needs one client`)
    return subject
  }
  if (!isOne || !/^[1-9]\d{0,14}$/.test(subject)) throw new WrongUsage(`${name} needs the id of one key`)
  return subject
}

await runCommand(keys)
