import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { settingNames } from '@channelling/settings'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import { z } from 'zod'

const words = z.array(z.string()).optional()

const service = z.object({
  image: z.string().optional(),
  build: z.unknown().optional(),
  container_name: z.unknown().optional(),
  privileged: z.unknown().optional(),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: words,
  volumes: words,
  networks: words,
  restart: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_add: z.unknown().optional(),
  cap_drop: words,
  security_opt: words,
  healthcheck: z
    .object({
      test: words,
      interval: z.unknown().optional(),
      timeout: z.unknown().optional(),
      retries: z.unknown().optional(),
    })
    .optional(),
  deploy: z
    .object({
      resources: z
        .object({
          limits: z
            .object({ cpus: z.unknown().optional(), memory: z.unknown().optional(), pids: z.unknown().optional() })
            .optional(),
        })
        .optional(),
    })
    .optional(),
})

const file = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()).default({}),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() }).nullable()).default({}),
})

type Service = z.output<typeof service>
type File = z.output<typeof file>

/** Why a setting is not in the file; every other one is. */
const leftOut: Readonly<Record<string, string>> = {
  HOST: 'a container listens at all its addresses, which is the default',
  TLS_CERT: 'a certificate is a file: it is mounted where there is one',
  TLS_KEY: 'as TLS_CERT',
  GATEWAY_REPLICAS: 'replicas are said by --scale',
  CATALOGUE_REPLICAS: 'as GATEWAY_REPLICAS',
  BOOKINGS_REPLICAS: 'as GATEWAY_REPLICAS',
  PATIENTS_REPLICAS: 'as GATEWAY_REPLICAS',
  NOTIFICATIONS_REPLICAS: 'as GATEWAY_REPLICAS',
}

/** Who may reach beyond the network that has no way out: whoever is called from outside, and whoever calls. */
const mayGoOut = ['gateway', 'notifications']

/** What is wrong with a compose file, as it is before its variables are filled in. */
export function faultsOf(yaml: unknown): string[] {
  const faults = faultsOfSchema(yaml)
  const read = file.safeParse(yaml)
  if (!read.success)
    return [...faults, ...read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)]
  for (const [name, service] of Object.entries(read.data.services)) {
    for (const fault of faultsOfService(name, service, read.data)) faults.push(`${name} ${fault}`)
  }
  const named = new Set(
    Object.values(read.data.services).flatMap(({ build, environment }) => (build ? Object.keys(environment) : [])),
  )
  for (const setting of settingNames) {
    if (!named.has(setting) && !(setting in leftOut)) faults.push(`the setting ${setting} cannot be given`)
  }
  return faults
}

/** The Compose Specification's schema, as the linter dclint ships it. */
function faultsOfSchema(yaml: unknown): string[] {
  const path = join(
    dirname(createRequire(import.meta.url).resolve('dclint/package.json')),
    'schemas/compose.schema.json',
  )
  const ajv = new Ajv({ allErrors: true, strict: false })
  addFormats(ajv)
  const { $schema: _, ...schema } = createRequire(import.meta.url)(path) as Record<string, unknown>
  const validate = ajv.compile(schema)
  return validate(yaml) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

function faultsOfService(name: string, service: Service, { volumes, networks }: File): string[] {
  const { healthcheck, deploy, environment } = service
  const limits = deploy?.resources?.limits
  const isOurs = service.build !== undefined
  const rules: [fault: string, holds: boolean][] = [
    [
      'has no health check',
      Boolean(healthcheck?.test && healthcheck.interval && healthcheck.timeout && healthcheck.retries),
    ],
    ['is not started again', service.restart === 'unless-stopped' || service.restart === 'always'],
    ['has no limits', Boolean(limits?.cpus && limits.memory && limits.pids)],
    ['can write its root', service.read_only === true],
    ['keeps capabilities', service.cap_drop?.join() === 'ALL' && service.cap_add === undefined && !service.privileged],
    ['can gain privileges', service.security_opt?.includes('no-new-privileges:true') === true],
    ['has an image of no version', isOurs || /:v?\d+\.\d+\.\d+/.test(service.image ?? '')],
    ['cannot have replicas', service.container_name === undefined],
    ['has a port of the host', name === 'gateway' || service.ports === undefined],
    [
      'reaches out',
      mayGoOut.includes(name) || (service.networks ?? ['default']).every((one) => networks[one]?.internal === true),
    ],
    ['keeps data in a volume that is none', (service.volumes ?? []).every((one) => one.split(':')[0]! in volumes)],
    ...(isOurs ? Object.keys(environment) : []).map((setting): [string, boolean] => [
      `is given ${setting}, which is no setting`,
      settingNames.includes(setting),
    ]),
    ...Object.entries(environment).map(([setting, value]): [string, boolean] => [
      `has a value for ${setting}`,
      !isSecret(setting) || isAsked(setting, value),
    ]),
    ...Object.entries(environment).map(([setting, value]): [string, boolean] => [
      `has credentials in ${setting}`,
      !/:\/\/[^/]*@/.test(value) && !/[A-Za-z0-9_+/=-]{32,}/.test(value.replace(/\$\{[^}]*\}/g, '')),
    ]),
  ]
  return rules.filter(([, holds]) => !holds).map(([fault]) => fault)
}

const isSecret = (setting: string) => /SECRET|TOKEN|PASSWORD|KEY$/.test(setting)

/** Whether it is what the operator exports, and nothing where that is nothing. */
const isAsked = (setting: string, value: string) => new RegExp(`^\\$\\{${setting}:(-|\\?[^}]*)\\}$`).test(value)
