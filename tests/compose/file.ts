import { z } from 'zod'

const words = z.array(z.string())

const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  entrypoint: words.optional(),
  command: words,
  environment: z.record(z.string(), z.string()).default({}),
  expose: words,
  ports: words.default([]),
  volumes: words.default([]),
  tmpfs: words.default([]),
  networks: words,
  user: z.string().optional(),
  restart: z.string(),
  read_only: z.boolean(),
  cap_drop: words,
  security_opt: words,
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({
    test: words,
    interval: z.string(),
    timeout: z.string(),
    retries: z.number(),
    start_period: z.string(),
  }),
  deploy: z.object({
    resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string(), pids: z.number() }) }),
  }),
})

const file = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
  networks: z.record(z.string(), z.object({ internal: z.boolean() }).nullable()),
})

/** A compose file with its variables filled in, as far as it is used here. */
export type ComposeFile = z.output<typeof file>
export type ComposedService = z.output<typeof service>

export const composePath = new URL('../../docker-compose.yml', import.meta.url).pathname

/** What the file says, its variables still in it. */
export const composeText = () => Bun.file(composePath).text()

/**
 * Reads a compose file as `docker compose` does in this environment.
 * @throws Error for a variable that has to be set and is not
 */
export const readCompose = (text: string, environment: Record<string, string | undefined>): ComposeFile =>
  file.parse(filled(Bun.YAML.parse(text), environment))

/** Fills in the variables of every text, however deep; keys have none. */
export function filled(value: unknown, environment: Record<string, string | undefined>): unknown {
  if (typeof value === 'string') return interpolated(value, environment)
  if (Array.isArray(value)) return value.map((one) => filled(one, environment))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, environment)]))
}

/** `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, which are those that the file uses. */
export function interpolated(text: string, environment: Record<string, string | undefined>): string {
  return text.replace(/\$(\$|\{([A-Z_]+)(?:(:-|:\?)([^{}]*))?\}|)/g, (whole, inner, name, operator, rest) => {
    if (inner === '$') return '$'
    if (name === undefined) throw new Error(`This is no variable of a compose file: ${text}`)
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    if (operator === ':?') throw new Error(`required variable ${name} is missing a value: ${rest}`)
    if (operator === ':-') return rest
    throw new Error(`${whole} has neither a value nor a default`)
  })
}
