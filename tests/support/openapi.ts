/** The merged document, as far as tests read it. */
export interface OpenApi {
  openapi: string
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  paths: Record<string, Record<string, OperationObject>>
  components: { responses: Record<string, ResponseObject>; securitySchemes: Record<string, unknown> }
}

export interface OperationObject {
  operationId: string
  summary: string
  description?: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters?: ParameterObject[]
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, ResponseObject | { $ref: string }>
  'x-scope'?: string
}

export interface ParameterObject {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: JsonSchema
}

export interface ResponseObject {
  description: string
  headers?: Record<string, unknown>
  content?: Record<string, { schema: JsonSchema }>
}

export interface JsonSchema {
  type?: string
  nullable?: boolean
  enum?: unknown[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: boolean | JsonSchema
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
}

/** One operation of the document, with what its references refer to. */
export interface Documented {
  /** `GET` */
  method: string
  /** `/api/channel/sessions/{id}` */
  template: string
  object: OperationObject
  parameters: ParameterObject[]
  body: JsonSchema | undefined
  /** By status. */
  responses: Map<number, ResponseObject>
}

export function operationsOf(document: OpenApi): Documented[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, object]) => ({
      method: method.toUpperCase(),
      template,
      object,
      parameters: object.parameters ?? [],
      body: object.requestBody?.content['application/json']?.schema,
      responses: new Map(
        Object.entries(object.responses).map(([status, response]) => [Number(status), resolved(document, response)]),
      ),
    })),
  )
}

function resolved({ components }: OpenApi, response: ResponseObject | { $ref: string }): ResponseObject {
  if (!('$ref' in response)) return response
  const found = components.responses[response.$ref.replace('#/components/responses/', '')]
  if (!found) throw new Error(`The document has no ${response.$ref}`)
  return found
}

/** The reasons that an operation documents for a status. */
export const reasonsOf = ({ responses }: Documented, status: number): string[] =>
  (responses.get(status)?.content?.['application/json']?.schema.properties?.reason?.enum ?? []) as string[]

/** Finds operations by the path of a request; a literal part of a path wins over a parameter. */
export function createFinder(operations: Documented[]) {
  const templates = [...new Set(operations.map(({ template }) => template))]
    .sort((one, other) => placesOf(one) - placesOf(other))
    .map((template) => ({
      matches: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
      among: operations.filter((operation) => operation.template === template),
    }))
  /** Every method that the path takes; none where there is no such path. */
  return (path: string): Documented[] => templates.find(({ matches }) => matches.test(path))?.among ?? []
}

const placesOf = (template: string) => template.split('{').length
