import { z } from 'zod'

/**
 * One zod schema as validator, type and documentation: Elysia validates by its `~standard`, which is not enumerable, and the
 * Swagger plugin prints its enumerable keys, which are the JSON Schema.
 */
export function schema<T extends z.ZodType>(of: T, io: 'input' | 'output' = 'input') {
  const { $schema: _, ...json } = z.toJSONSchema(of, { io, target: 'openapi-3.0' })
  return Object.defineProperty({ ...json }, '~standard', { value: of['~standard'], enumerable: false }) as {
    readonly '~standard': T['~standard']
  }
}
