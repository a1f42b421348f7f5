import { parseArgs } from 'node:util'
import type { Calendar, Instant } from '@channelling/contract'
import type { Records } from './records'

const options = {
  help: { type: 'boolean', short: 'h' },
  client: { type: 'string' },
  name: { type: 'string' },
  contact: { type: 'string' },
  access: { type: 'string' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
  inactive: { type: 'boolean' },
  overlap: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  page: { type: 'string' },
  size: { type: 'string' },
  services: { type: 'boolean' },
} as const

export const readArguments = (args: string[]) => parseArgs({ args, options, allowPositionals: true })

type Given = Omit<ReturnType<typeof readArguments>['values'], 'help' | 'services'>
export type Option = keyof Given

/** What a command works with. */
export interface Asked {
  records: Records
  given: Given
  /** What it is about, as its argument names it. */
  subject: string
  calendar: Calendar
  now: Instant
}

/** One of the commands of `keys`. */
export interface KeysCommand {
  takes: readonly Option[]
  /** What its one argument names: a key, by its id, or a client. Without it there is none. */
  about?: 'key' | 'client'
  run(asked: Asked): Promise<void>
}
