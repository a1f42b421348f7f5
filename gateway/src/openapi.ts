import type { Json, JsonObject, ServiceDocument } from './documents'

/** A response of an OpenAPI document with JSON alone: the Swagger plugin lists every media type it could have been. */
function jsonOnly(response: JsonObject): JsonObject {
  const { content, ...rest } = response
  if (!content) return response
  return { description: '', ...rest, content: { 'application/json': (content as JsonObject)['application/json']! } }
}

const descriptions: Record<string, string> = { '200': 'Done', '201': 'Created' }

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
  documents: readonly ServiceDocument[]
  /** `''`, or `/channelling`. */
  contextRoot: string
  version: string
  /** Paths that the gateway answers itself, as the document shows them. */
  own: object
}

/** The one document of all services and of the gateway. */
export function mergeDocuments({ documents, contextRoot, version, own }: OpenApiOptions): JsonObject {
  const components = createComponents()
  const paths = { ...own } as JsonObject
  const tags = new Set(['Discovery'])
  for (const { operations } of documents) {
    for (const { method, template, tag, document } of operations) {
      if (tag) tags.add(tag)
      const { requestBody, responses, ...rest } = document
      const merged: JsonObject = { ...rest, responses: mergeResponses(responses as JsonObject, components) }
      if (requestBody) merged.requestBody = jsonOnly(requestBody as JsonObject)
      paths[template] = { ...(paths[template] as JsonObject | undefined), [method.toLowerCase()]: merged }
    }
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Channelling API',
      version,
      description:
        'Find consultants and their sessions, book places in them, and hear what becomes of the bookings. Every request carries a key in the `Finance` header; every answer has one envelope; every date reads `yyyy-MM-dd HH:mm:ss` in the hospital’s zone.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: contextRoot || '/' }],
    tags: [...tags].map((name) => ({ name })),
    security: [{ Finance: [] }, { Bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        Finance: { type: 'apiKey', in: 'header', name: 'Finance', description: 'The key as it was issued' },
        Bearer: { type: 'http', scheme: 'bearer', description: 'The same key, for tools that only speak bearer' },
      },
      responses: components.responses,
    },
  }
}

function mergeResponses(responses: JsonObject, components: ReturnType<typeof createComponents>): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]): [string, Json] => {
      const json = jsonOnly(response as JsonObject)
      if (Number(status) < 400) return [status, { ...json, description: descriptions[status] ?? 'Done' }]
      return [status, components.refer(status, json)]
    }),
  )
}
