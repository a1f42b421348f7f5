import type { Scope } from '@channelling/contract'
import { OPENAPI_JSON_PATH } from '@channelling/http'
import type { Service } from './upstream'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** One operation as a service documents it. */
export interface Operation {
  /** `GET` */
  method: string
  /** `/api/channel/sessions/{id}` */
  template: string
  scope: Scope | undefined
  /** Whether its answer may wait for something to happen, or not end. */
  waits: boolean
  /** Whether it takes anything in its query, and in a body. */
  takes: { query: boolean; body: boolean }
  summary: string
  tag: string
  document: JsonObject
}

/** Operations that belong together, and in one sentence what they are for. */
export interface OperationGroup {
  about: string
  operations: readonly Operation[]
}

/** What a service says of itself. */
export interface ServiceDocument extends OperationGroup {
  service: Service
}

interface OpenApi {
  info: { description?: string }
  paths: Record<string, Record<string, JsonObject>>
}

/** Asks a service for its OpenAPI document. */
export async function readDocument(service: Service): Promise<ServiceDocument> {
  const answer = await service.send({ target: OPENAPI_JSON_PATH })
  if (!answer.ok) throw new Error(`The service ${service.name} has no document`)
  const { info, paths } = (await answer.json()) as OpenApi
  const operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, document]) => operation(method.toUpperCase(), template, document)),
  )
  return { service, about: info.description ?? '', operations }
}

export const operation = (method: string, template: string, document: JsonObject): Operation => ({
  method,
  template,
  scope: document['x-scope'] as Scope | undefined,
  waits: document['x-waits'] === true,
  takes: {
    query: ((document.parameters ?? []) as JsonObject[]).some((parameter) => parameter.in === 'query'),
    body: document.requestBody !== undefined,
  },
  summary: String(document.summary ?? ''),
  tag: String((document.tags as Json[] | undefined)?.[0] ?? ''),
  document,
})

/** An answer as the document shows it, for operations that no service documents. */
export function answer(schema: object, description = ''): JsonObject {
  const { description: about, ...json } = schema as JsonObject
  return { description: description || about || '', content: { 'application/json': { schema: json } } }
}
