/** Where the services do other than the model says. */
export class Divergence extends Error {
  override readonly name = 'Divergence'
}

/** @throws Divergence where it is not */
export function same(what: string, told: unknown, expected: unknown): void {
  if (Bun.deepEquals(told, expected)) return
  const shown = (value: unknown) => Bun.inspect(value, { depth: 6, compact: true })
  throw new Divergence(`${what}\n  the model says ${shown(expected)}\n  the services say ${shown(told)}`)
}

/** Of what was told, that of which the model speaks. */
export const part = (told: Record<string, unknown> | null | undefined, of: object) =>
  told && Object.fromEntries(Object.keys(of).map((name) => [name, told[name]]))
