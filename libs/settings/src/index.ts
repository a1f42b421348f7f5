import { type Rule, rules, secretOfService } from './rules'
import { type Name, type Shape, settings } from './shape'

/** The environment asks for something that cannot be; every fault is a line of the message. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault'
}

/** What may be set, by name. */
export const settingNames: readonly string[] = Object.keys(settings.shape)

export type Settings = Omit<Shape, 'DATABASE_URL'> & {
  DATABASE_URL: string
  /** Whether `DATABASE_URL` was set, and is not only the file that a data folder has. */
  databaseNamed: boolean
}

/** What only who uses a setting can tell of it: what is wrong with the value, if anything is. */
export type Checks = Partial<Record<'BOOTSTRAP_KEY' | 'TLS_CERT' | 'TLS_KEY', (value: string) => string | undefined>>

/**
 * Reads the environment once. An empty variable counts as unset.
 * @throws SettingsFault naming every fault
 */
export const readSettings = (environment: Record<string, string | undefined>, checks: Checks = {}): Settings =>
  read(environment, [...rules, ...rulesOf(checks)])

/** The settings of a service that runs alone. */
export type ServiceSettings = Settings & { INTERNAL_SECRET: string }

/**
 * Reads the environment of a service in a process of its own.
 * @throws SettingsFault naming every fault
 */
export function readServiceSettings(environment: Record<string, string | undefined>): ServiceSettings {
  const settings = read(environment, [secretOfService, ...rules])
  return { ...settings, INTERNAL_SECRET: settings.INTERNAL_SECRET! }
}

const rulesOf = (checks: Checks): Rule[] =>
  (Object.keys(checks) as (keyof Checks)[]).map((name) => ({
    of: [name],
    fault({ [name]: value }) {
      const message = value && checks[name]?.(value)
      return message ? { name, message } : undefined
    },
  }))

function read(environment: Record<string, string | undefined>, all: readonly Rule[]): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const { success, data, error } = all.reduce(withRule, settings).safeParse(given)
  if (!success) {
    const faults = error.issues.map(({ path, message }) => `  ${path.join('.')} ${message}`)
    throw new SettingsFault(`These settings cannot be used:\n${faults.join('\n')}`)
  }
  const { DATABASE_URL, DATA_DIR } = data
  return {
    ...data,
    DATABASE_URL: DATABASE_URL ?? `file:${DATA_DIR}/channelling.db`,
    databaseNamed: DATABASE_URL !== undefined,
  }
}

/** Without a `when` of its own a rule would be left out wherever any setting is wrong. */
const withRule = (schema: typeof settings, { of, fault }: Rule) =>
  schema.superRefine(
    (given, { addIssue }) => {
      const found = fault(given)
      if (found) addIssue({ code: 'custom', path: [found.name], message: found.message })
    },
    { when: ({ issues }) => !issues.some(({ path }) => of.includes(path?.[0] as Name)) },
  )
