import type { Documented, JsonSchema } from '../support/openapi'
import { badTextsOf, badValues, CANARY, sampleOf } from './bad-values'

/** A request that has to be refused. */
export interface BadRequest {
  what: string
  path: string
  body?: unknown
  raw?: BodyInit
  headers?: Record<string, string>
  status: number
  reason: string
  /** Where `fields` must say that the fault is. */
  field?: string
}

const BODY_BYTES_MAX = 64 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }
/** As deep as a body can be within its limit. */
const DEPTH = 32_000

/** What an operation needs besides, of which its schema cannot tell. */
const besides: Record<string, object> = { reservePlace: { sessionInstanceId: 1 } }

/** Every way in which a request to the operation is bad, by its own description. */
export function badRequestsOf(operation: Documented): BadRequest[] {
  const path = operation.template.replace(/\{[^}]+\}/g, '1')
  const invalid = { path, status: 400, reason: 'invalid_request' }
  const { body } = operation
  const sample = body && { ...(sampleOf(body) as object), ...besides[operation.object.operationId] }
  return [
    ...badPaths(operation).map((bad) => ({ ...invalid, body: sample, ...bad })),
    ...badQueries(operation).map((bad) => ({ ...invalid, body: sample, ...bad, path: `${path}?${bad.path}` })),
    ...badHeaders(operation).map((bad) => ({ ...invalid, body: sample, ...bad })),
    ...(body ? badBodies(body, operation.object.requestBody!.required).map((bad) => ({ ...invalid, ...bad })) : []),
    ...(operation.method === 'GET' ? [] : badWholes(path, body !== undefined)),
  ]
}

type Bad = Partial<BadRequest> & Pick<BadRequest, 'what'>

function badPaths({ template, parameters }: Documented): Bad[] {
  return parameters
    .filter((parameter) => parameter.in === 'path')
    .flatMap(({ name, schema }) =>
      badTextsOf(schema).map(([what, value]) => ({
        what: `${name} ${what}`,
        path: template.replace(`{${name}}`, value),
        field: `path.${name}`,
      })),
    )
}

function badQueries({ parameters, object }: Documented): (Bad & { path: string })[] {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  // what is open to all takes whatever stands in its address
  if (!object['x-scope']) return []
  return [
    { what: 'an unknown query parameter', path: `${CANARY}=${CANARY}`, field: 'query' },
    ...inQuery.flatMap(({ name, schema }) => [
      ...badTextsOf(schema.items ?? schema).map(([what, value]) => ({
        what: `${name}=${what}`,
        path: `${name}=${value}`,
        field: schema.items ? `query.${name}.0` : `query.${name}`,
      })),
      // a list is what may come more than once
      ...(schema.items
        ? []
        : [
            {
              what: `${name} twice`,
              path: `${name}=${twice(schema)}&${name}=${twice(schema)}`,
              field: `query.${name}`,
            },
          ]),
    ]),
  ]
}

const twice = (schema: JsonSchema) =>
  schema.type === 'string' ? sampleOf({ ...schema, minLength: 2 }) : sampleOf(schema)

function badHeaders({ parameters }: Documented): Bad[] {
  return (
    parameters
      // HTTP has an If-None-Match that matches nothing ignored, whatever it says
      .filter((parameter) => parameter.in === 'header' && parameter.name !== 'If-None-Match')
      .flatMap(({ name }) =>
        ['k'.repeat(256), `${CANARY} ${CANARY}`, `${CANARY}é`].map((value, index) => ({
          what: `${name} ${['too long', 'with a blank', 'beyond ASCII'][index]}`,
          headers: { [name]: value },
          field: 'header',
        })),
      )
  )
}

function badBodies(schema: JsonSchema, required: boolean): Bad[] {
  const sample = sampleOf(schema) as Record<string, unknown>
  return [
    ...(required
      ? [
          { what: 'no body', field: 'body' },
          { what: 'null for a body', body: null, field: 'body' },
        ]
      : []),
    ...[[], [sample], 7, true, CANARY].map((body) => ({
      what: `${JSON.stringify(body)} for a body`,
      body,
      field: 'body',
    })),
    { what: 'an unknown property', body: { ...sample, [CANARY]: CANARY }, field: 'body' },
    { what: 'a property of the prototype', raw: `{"__proto__":{"${CANARY}":1}}`, headers: JSON_TYPE, field: 'body' },
    ...badProperties(schema, sample, 'body', (body) => body),
  ]
}

/** Each property, at any depth, missing or wrong while the others are as they should be. */
function badProperties(
  schema: JsonSchema,
  sample: Record<string, unknown>,
  path: string,
  within: (value: unknown) => unknown,
): Bad[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = `${path}.${name}`
    const { [name]: _, ...others } = sample
    const put = (value: unknown) => within({ ...others, [name]: value })
    return [
      ...(schema.required?.includes(name) ? [{ what: `no ${field}`, body: within(others), field }] : []),
      ...badValues(property).map(([what, value]) => ({ what: `${field} ${what}`, body: put(value), field })),
      ...(property.properties
        ? badProperties(property, sampleOf(property) as Record<string, unknown>, field, put)
        : []),
    ]
  })
}

/** Bodies that are bad whatever the operation. */
function badWholes(path: string, hasBody: boolean): BadRequest[] {
  const large = { path, status: 413, reason: 'body_too_large' }
  const filler = `{"${CANARY}":"${'x'.repeat(BODY_BYTES_MAX)}"}`
  const tooLarge = [
    { ...large, what: 'a body of over 64 KiB', raw: filler, headers: JSON_TYPE },
    { ...large, what: 'a body of over 64 KiB that does not say its size', raw: streamed(filler), headers: JSON_TYPE },
  ]
  const encoded = ['gzip', 'br', 'x-gzip, identity', CANARY].map((encoding) => ({
    path,
    status: 415,
    reason: 'unsupported_media_type',
    what: `a body in ${encoding}`,
    raw: Bun.gzipSync('{}'),
    headers: { ...JSON_TYPE, 'content-encoding': encoding },
  }))
  if (!hasBody) {
    const unasked = [`{"${CANARY}":1}`, '[]', '7', CANARY, '{'].map((raw) => ({
      path,
      status: 400,
      reason: 'invalid_request',
      what: `${raw} where no body is taken`,
      raw,
      headers: JSON_TYPE,
      field: 'body',
    }))
    return [...tooLarge, ...encoded, ...unasked]
  }
  const malformed = { path, status: 400, reason: 'malformed_json', headers: JSON_TYPE }
  const wrongType = { path, status: 415, reason: 'unsupported_media_type', raw: `{"${CANARY}":1}` }
  const nested = `{"${CANARY}":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`
  return [
    ...tooLarge,
    ...encoded,
    ...[`{"${CANARY}":`, CANARY, '{"a":1,}', "{'a':1}", '{"a":NaN}', '\u0000', '{} {}', '['.repeat(20)].map((raw) => ({
      ...malformed,
      what: `malformed: ${raw.slice(0, 20)}`,
      raw,
    })),
    {
      path,
      status: 400,
      reason: 'invalid_request',
      what: 'a deep body',
      raw: nested,
      headers: JSON_TYPE,
      field: 'body',
    },
    ...[
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'application/json; charset=iso-8859-1',
      'application/json;charset="utf-16"',
      'application/json; version=1; Charset=windows-1252',
      `application/json; charset=${CANARY}`,
      CANARY,
    ].map((type) => ({ ...wrongType, what: type, headers: { 'content-type': type } })),
  ]
}

const streamed = (text: string) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      const bytes = new TextEncoder().encode(text)
      for (let at = 0; at < bytes.length; at += 8192) controller.enqueue(bytes.slice(at, at + 8192))
      controller.close()
    },
  })
