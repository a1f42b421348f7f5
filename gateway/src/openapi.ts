import { reasons } from '@channelling/contract'
import type { Json, JsonObject, OperationGroup } from './documents'
import { type Answering, headerComponents, headersOf } from './openapi-headers'

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

/** Of every operation that knows 304. */
const ifNoneMatch: JsonObject = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag of the answer you have: when it is still that one you are told 304 and spared the body',
  schema: { type: 'string' },
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
      const { requestBody, 'x-content': more, ...rest } = document
      const parameters = (document.parameters ?? []) as JsonObject[]
      const responses = document.responses as JsonObject
      const answering = {
        keyed: document['x-scope'] !== undefined,
        conditional: '304' in responses,
        once: parameters.some(({ name }) => name === 'idempotency-key'),
      }
      const merged: JsonObject = { ...rest, responses: mergeResponses(responses, components, answering) }
      // an answer's schema can say JSON alone
      if (more) Object.assign(contentOf(merged, '200'), more)
      const all = [...parameters.map(parameterOf), ...(answering.conditional ? [ifNoneMatch] : [])]
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
      headers: headerComponents,
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
  answering: Answering,
): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, given]): [string, Json] => {
      const response = given as JsonObject
      const told: JsonObject = {
        description: String(response.description || descriptions[status] || 'Done'),
        headers: headersOf(status, answering),
        ...(response.content && status !== '304' && { content: jsonOnly(response) }),
      }
      return [status, Number(status) >= 400 ? components.refer(status, told) : told]
    }),
  )
}

const contentOf = ({ responses }: JsonObject, status: string) =>
  ((responses as JsonObject)[status] as JsonObject).content as JsonObject
