import type { JsonSchema } from '../support/openapi'

/** What no answer may say back. */
export const CANARY = 'Kanarienvogel7391'

const dates = ['2026-02-30', '2026-13-01', '2026-05-18T09:30:00', '2026-05-18 24:00:00', '18/05/2026', CANARY]

const isDate = ({ pattern }: JsonSchema) => pattern?.includes('\\d{4}-\\d{2}-\\d{2}') === true

/** A value that the schema takes, as far as it tells. */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.enum) return schema.enum[0]
  switch (schema.type) {
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    case 'array':
      return schema.items ? [sampleOf(schema.items)] : []
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, sampleOf(schema.properties?.[name] ?? {})]),
      )
    default:
      return isDate(schema) ? '2030-01-01' : 'a'.repeat(schema.minLength ?? 1)
  }
}

/** Values of JSON that the schema does not take, by what is wrong with them. */
export function badValues(schema: JsonSchema): [string, unknown][] {
  const { nullable } = schema
  return [...(nullable ? [] : [['null', null] as [string, unknown]]), ...badOfType(schema)]
}

function badOfType(schema: JsonSchema): [string, unknown][] {
  const { type, minimum = Number.NEGATIVE_INFINITY, maximum } = schema
  switch (type) {
    case 'integer':
    case 'number':
      return [
        ['text', CANARY],
        ['a number in text', '1'],
        ['a flag', true],
        ['a list', [1]],
        ['an object', { [CANARY]: 1 }],
        ['1e99', 1e99],
        ['2**53', 2 ** 53],
        ...(type === 'integer' ? [['a fraction', 1.5] as [string, unknown]] : []),
        ...[0, -1].filter((value) => value < minimum).map((value): [string, unknown] => [String(value), value]),
        ...(maximum === undefined ? [] : [['one too many', maximum + 1] as [string, unknown]]),
      ]
    case 'boolean':
      return [
        ['text', CANARY],
        ['a flag in text', 'true'],
        ['a number', 1],
        ['a list', [true]],
      ]
    case 'array':
      return [
        ['text', CANARY],
        ['an object', { [CANARY]: 1 }],
        ['a number', 73917391],
        ...badValues(schema.items ?? {}).map(([what, value]): [string, unknown] => [`a list of ${what}`, [value]]),
      ]
    case 'object':
      return [
        ['text', CANARY],
        ['a list', [CANARY]],
        ['a number', 73917391],
        ['an unknown property', { ...(sampleOf(schema) as object), [CANARY]: CANARY }],
      ]
    default:
      return [
        ['a number', 73917391],
        ['a flag', true],
        ['a list', [CANARY]],
        ['an object', { [CANARY]: CANARY }],
        ...badTexts(schema),
      ]
  }
}

/** Texts that the schema does not take. */
function badTexts(schema: JsonSchema): [string, string][] {
  const { minLength = 0, maxLength, format } = schema
  if (schema.enum)
    return [
      ['another text', CANARY],
      ['a hidden character', `${schema.enum[0]}\u0000`],
      ['nothing', ''],
    ]
  if (isDate(schema)) return [...dates, ''].map((date) => [date, date])
  return [
    ['a hidden character', `${CANARY}\u0000`],
    ['a line end', `${CANARY}\n${CANARY}`],
    ['half a character', `${CANARY}\ud800`],
    ...(minLength > 0
      ? ([
          ['nothing', ''],
          ['blanks', '   '],
        ] as [string, string][])
      : []),
    ...(maxLength === undefined ? [] : [['one too many', 'x'.repeat(maxLength + 1)] as [string, string]]),
    ...(format === 'email' ? [['no address', CANARY] as [string, string]] : []),
  ]
}

/** Texts of a path or a query string, encoded, that the schema does not take. */
export function badTextsOf(schema: JsonSchema): [string, string][] {
  switch (schema.type) {
    case 'integer':
      return [
        ...['-1', '1e99', '1.5', '0x1', '01', '+1', '%201', '1%00', '%00', '9'.repeat(30), CANARY, 'NaN'],
        ...(schema.minimum === 0 ? [] : ['0']),
        ...(schema.maximum === undefined ? [] : [String(schema.maximum + 1)]),
      ].map((value) => [value, value])
    case 'boolean':
      return ['1', 'yes', 'TRUE', '%00', CANARY].map((value) => [value, value])
    default:
      // half a character cannot be written in a URL
      return badTexts(schema)
        .filter(([what]) => what !== 'half a character')
        .map(([what, value]) => [what, encodeURIComponent(value)])
  }
}
