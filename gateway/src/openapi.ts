import { reasons } from '@channelling/contract'
import type { Json, JsonObject, OperationGroup } from './documents'

/** JSON alone: the Swagger plugin lists every media type it could have been, and drops what closes a response's outermost object. What is no JSON stays. */
function jsonOnly({ content }: JsonObject): JsonObject {
  if (!('application/json' in (content as JsonObject))) return content as JsonObject
  const { schema } = (content as JsonObject)['application/json'] as { schema: JsonObject }
  const closed = schema.properties ? { ...schema, additionalProperties: false } : schema
  return { 'application/json': { schema: closed } }
}

/** An operation that can do without a body says that it may be null. */
function bodyOf(body: JsonObject): JsonObject {
  const content = jsonOnly(body)
  const { schema } = content['application/json'] as { schema: JsonObject }
  return { required: schema.nullable !== true, content }
}

/**
 * A parameter that may be left out says its example in its description: the docs page would fill an `example` in, and who tries the
 * operation out would ask for it unawares.
 */
function parameterOf(parameter: JsonObject): JsonObject {
  const { example, ...schema } = parameter.schema as JsonObject
  if (parameter.required === true || example === undefined) return parameter
  const told = [parameter.description, `For example \`${example}\``].filter(Boolean).join('. ')
  return { ...parameter, description: told, schema }
}

const descriptions: Record<string, string> = { '200': 'Done', '201': 'Created' }

const requestId = {
  'X-Request-Id': { description: 'Names the request; quote it when something went wrong', schema: { type: 'string' } },
}
const retryAfter = {
  'Retry-After': { description: 'Seconds after which trying again makes sense', schema: { type: 'integer' } },
}

/** Of a key's limit, which an operator may have set to none. */
const quota: JsonObject = {
  'RateLimit-Limit': {
    description:
      'How many requests of this kind, reads or writes, the key may make within any minute. Where there is no limit, none of these headers',
    schema: { type: 'integer', minimum: 1 },
  },
  'RateLimit-Remaining': {
    description: 'How many of them are left at this moment',
    schema: { type: 'integer', minimum: 0 },
  },
  'RateLimit-Reset': {
    description: 'Seconds after which the earliest of those made is a minute old, so that more are left',
    schema: { type: 'integer', minimum: 0, maximum: 60 },
  },
}
const quotaReferences: JsonObject = Object.fromEntries(
  Object.keys(quota).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
)

const etag = { ETag: { description: 'Names this very answer', schema: { type: 'string' } } }

/** Of every operation that knows 304. */
const ifNoneMatch: JsonObject = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag of the answer you have: when it is still that one you are told 304 and spared the body',
  schema: { type: 'string' },
}

/** The headers that go with a status, besides that of every error. */
const headers: Record<string, JsonObject> = {
  '201': { Location: { description: 'The path of what was created', schema: { type: 'string' } } },
  '405': { Allow: { description: 'The methods that the path takes', schema: { type: 'string' } } },
  '429': retryAfter,
  '503': retryAfter,
}

/** Names what recurs once, under components, so that the document stays small enough to read. */
function createComponents() {
  const responses: JsonObject = {}
  const names = new Map<string, string>()
  const taken = new Map<string, number>()
  return {
    responses,
    refer(status: string, response: JsonObject): JsonObject {
      const text = JSON.stringify(response)
      let name = names.get(text)
      if (!name) {
        const count = (taken.get(status) ?? 0) + 1
        taken.set(status, count)
        name = `Refused${status}${count === 1 ? '' : `_${count}`}`
        names.set(text, name)
        responses[name] = response
      }
      return { $ref: `#/components/responses/${name}` }
    },
  }
}

export interface OpenApiOptions {
  groups: readonly OperationGroup[]
  /** `''`, or `/channelling`. */
  contextRoot: string
  version: string
}

/** The one document of all services and of the gateway. */
export function mergeDocuments({ groups, contextRoot, version }: OpenApiOptions): JsonObject {
  const components = createComponents()
  const paths: JsonObject = {}
  const tags = new Map<string, string>()
  for (const { about, operations } of groups) {
    for (const { method, template, tag, document } of operations) {
      if (!tags.has(tag)) tags.set(tag, about)
      const { parameters, requestBody, responses, ...rest } = document
      const limited = document['x-scope'] !== undefined
      const merged: JsonObject = { ...rest, responses: mergeResponses(responses as JsonObject, components, limited) }
      const conditional = '304' in (responses as JsonObject) ? [ifNoneMatch] : []
      const all = [...((parameters ?? []) as JsonObject[]).map(parameterOf), ...conditional]
      if (all.length > 0) merged.parameters = all
      if (requestBody) merged.requestBody = bodyOf(requestBody as JsonObject)
      paths[template] = { ...(paths[template] as JsonObject | undefined), [method.toLowerCase()]: merged }
    }
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Channelling API',
      version,
      description,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: contextRoot || '/' }],
    tags: [...tags].map(([name, description]) => ({ name, description })),
    security: [{ Finance: [] }, { Bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        Finance: { type: 'apiKey', in: 'header', name: 'Finance', description: 'The key as it was issued' },
        Bearer: { type: 'http', scheme: 'bearer', description: 'The same key, for tools that only speak bearer' },
        Ticket: { type: 'apiKey', in: 'query', name: 'access_token', description: 'A ticket, for the socket alone' },
      },
      headers: quota,
      responses: components.responses,
    },
  }
}

const description = `Find consultants and their sessions, book places in them, and hear what becomes of the bookings.

Every request carries a key in the \`Finance\` header. Every date reads \`yyyy-MM-dd HH:mm:ss\` in the hospital’s zone. Every answer has one
envelope: \`{ status, code, data }\`, a list with \`page\` beside it, or \`{ status, code, message, reason, requestId }\` for an error. A \`reason\`
is stable, and each operation lists its own; a \`message\` may be reworded. A path that does not exist answers 404 \`no_such_path\`:
${reasons.no_such_path.about.toLowerCase()}.`

function mergeResponses(
  responses: JsonObject,
  components: ReturnType<typeof createComponents>,
  limited: boolean,
): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, given]): [string, Json] => {
      // whoever is not known by a key has no limit to be told of
      const ofKey = limited && status !== '401' ? quotaReferences : {}
      const response = given as JsonObject
      if (!response.content) return [status, limited ? { ...response, headers: ofKey } : response]
      if (status === '304')
        return [status, { description: String(response.description), headers: { ...etag, ...ofKey } }]
      const error = Number(status) >= 400
      const told: JsonObject = {
        description: String(response.description || descriptions[status] || 'Done'),
        ...((error || limited || status in headers) && {
          headers: { ...(error && requestId), ...headers[status], ...ofKey },
        }),
        content: jsonOnly(response),
      }
      return [status, error ? components.refer(status, told) : told]
    }),
  )
}
