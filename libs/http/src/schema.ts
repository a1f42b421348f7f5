import { z } from 'zod'

/**
 * One zod schema as validator, type and documentation: Elysia validates by its `~standard`, which is not enumerable, and the
 * Swagger plugin prints its enumerable keys, which are the JSON Schema.
 */
export function schema<T extends z.ZodType>(of: T, io: 'input' | 'output' = 'input') {
  const { $schema: _, ...json } = z.toJSONSchema(of, {
    io,
    target: 'openapi-3.0',
    override: ({ zodSchema, jsonSchema }) => mend(jsonSchema as Printed, z.globalRegistry.get(zodSchema)?.default),
  })
  return Object.defineProperty({ ...json }, '~standard', { value: of['~standard'], enumerable: false }) as {
    readonly '~standard': T['~standard']
  }
}

/**
 * A schema that documents and types, and lets everything pass: for answers, which the code that builds them is typed to get right
 * and which every test checks against the document; validating each again would cost more than making it.
 */
export function documented<T extends z.ZodType>(of: T, io: 'input' | 'output' = 'output') {
  const printed = schema(of, io)
  const passing = { ...of['~standard'], validate: (value: unknown) => ({ value }) }
  return Object.defineProperty({ ...printed }, '~standard', { value: passing, enumerable: false }) as typeof printed
}

interface Printed {
  type?: string
  nullable?: boolean
  enum?: unknown[]
  minimum?: number
  maximum?: number
  format?: string
  default?: unknown
}

/** Says what zod leaves unsaid, or says in the terms of JavaScript alone. */
function mend(printed: Printed, byDefault: unknown): void {
  // zod leaves out the default of what it transforms, since it cannot know it as the caller would write it
  if (byDefault !== undefined) printed.default = byDefault
  // OpenAPI 3.0 takes null only where the values list it too
  if (printed.nullable && printed.enum && !printed.enum.includes(null)) printed.enum = [...printed.enum, null]
  // a literal is any number to zod
  if (printed.type === 'number' && printed.enum?.every(Number.isInteger)) {
    printed.type = 'integer'
    return
  }
  if (printed.type !== 'integer') return
  if (printed.minimum === Number.MIN_SAFE_INTEGER) delete printed.minimum
  if (printed.maximum === Number.MAX_SAFE_INTEGER) delete printed.maximum
  if (printed.maximum === undefined) printed.format = 'int64'
}
