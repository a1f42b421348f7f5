import { type Reason, reasons } from '@channelling/contract'
import { REPLAY_HEADER, statusOfReason } from '@channelling/http'
import Ajv, { type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { createFinder, type Documented, type JsonSchema, type OpenApi, operationsOf, reasonsOf } from './openapi'

/** An answer, with what was asked. */
export interface Answered {
  method: string
  /** Without the context root; a query may follow. */
  path: string
  status: number
  headers: Headers
  /** The body as it came. */
  text: string
}

/** An answer that the document does not describe. */
export class ContractFault extends Error {
  override readonly name = 'ContractFault'
}

/** What the document promises. */
export interface Contract {
  document: OpenApi
  operations: Documented[]
  /** @throws ContractFault unless the document describes the answer */
  check(answered: Answered): void
}

/** Reads the contract from the document of a server. */
export function createContract(document: OpenApi): Contract {
  const operations = operationsOf(document)
  const find = createFinder(operations)
  const generic = genericReasons(operations)
  const validators = new Map<JsonSchema, ValidateFunction>()
  const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false })
  addFormats(ajv)
  ajv.addVocabulary(['example'])

  function check(answered: Answered): void {
    const path = answered.path.split('?')[0]!
    if (path === '/docs' || path.startsWith('/docs/')) return
    const among = find(path)
    const operation = among.find(({ method }) => method === answered.method.replace('HEAD', 'GET'))
    if (operation) checkOperation(operation, answered)
    else checkGeneric(among, answered)
  }

  function checkOperation({ method, template, responses }: Documented, answered: Answered): void {
    const { status, headers } = answered
    const fail = failing(`${method} ${template} ${status}`, answered)
    const response = responses.get(status)
    if (!response) throw fail('is not documented')
    const documented = Object.keys(response.headers ?? {})
    const quota = documented.filter((name) => name.startsWith('RateLimit-'))
    const told = quota.filter((name) => headers.has(name))
    // where there is no limit nothing is said of it, and half of it is never said
    if (told.length > 0 && told.length < quota.length) throw fail(`lacks some of the headers ${quota}`)
    if (headers.has('ratelimit-limit') && quota.length === 0) throw fail('tells a limit that is not documented')
    for (const name of ['X-Request-Id', 'ETag', REPLAY_HEADER]) {
      if (headers.has(name) && !documented.some((one) => one.toLowerCase() === name.toLowerCase()))
        throw fail(`has the header ${name}, which is not documented`)
    }
    for (const name of documented) {
      if (quota.includes(name) || name.toLowerCase() === REPLAY_HEADER) continue
      if (!headers.has(name) && !(name === 'Retry-After' && status === 503)) throw fail(`lacks the header ${name}`)
    }
    if (answered.method === 'HEAD') return
    const schema = response.content?.['application/json']?.schema
    if (schema) checkBody(schema, answered, fail)
  }

  /** What is answered for a path that does not exist, or one that does not take the method. */
  function checkGeneric(among: Documented[], answered: Answered): void {
    const { status, headers } = answered
    const fail = failing(`${answered.method} of no operation ${status}`, answered)
    if (answered.method === 'HEAD') return
    const allowed = generic.get(status)
    if (!allowed) throw fail('is not what a path outside the document answers')
    if (status === 405) {
      const methods = among.map(({ method }) => method).sort()
      if (headers.get('allow') !== methods.join(', ')) throw fail(`should allow ${methods}`)
    }
    checkBody(refusalSchema(status, allowed), answered, fail)
  }

  const refusals = new Map<string, JsonSchema>()

  /** A documented refusal, for the reasons given. */
  function refusalSchema(status: number, among: string[]): JsonSchema {
    const known = refusals.get(`${status}`)
    if (known) return known
    const model = operations.flatMap(({ responses }) => responses.get(400)?.content?.['application/json'] ?? [])[0]!
    const schema = structuredClone(model.schema)
    schema.properties!.code!.enum = [status]
    schema.properties!.reason!.enum = among
    refusals.set(`${status}`, schema)
    return schema
  }

  function checkBody(schema: JsonSchema, { status, headers, text }: Answered, fail: Fail): void {
    if (!headers.get('content-type')?.startsWith('application/json')) throw fail('is not JSON')
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      throw fail('is not JSON')
    }
    let validate = validators.get(schema)
    if (!validate) {
      validate = ajv.compile(schema)
      validators.set(schema, validate)
    }
    if (!validate(body)) throw fail(`does not match: ${ajv.errorsText(validate.errors)}`)
    if (status >= 400 && (body as { requestId: string }).requestId !== headers.get('x-request-id')) {
      throw fail('names another request in its header than in its body')
    }
  }

  return { document, operations, check }
}

type Fail = (what: string) => ContractFault

const failing =
  (about: string, { path, text }: Answered): Fail =>
  (what) =>
    new ContractFault(`${about} ${what} (${path.slice(0, 200)}): ${text.slice(0, 1000)}`)

/** By status, what every operation behind a key may answer, and what a path outside all of them does. */
function genericReasons(operations: Documented[]): Map<number, string[]> {
  const behindKey = operations.filter(({ template, object }) => object['x-scope'] && template.startsWith('/api/'))
  const everywhere = (Object.keys(reasons) as Reason[]).filter((reason) =>
    behindKey.every((operation) => reasonsOf(operation, statusOfReason(reason)).includes(reason)),
  )
  return Map.groupBy([...everywhere, 'no_such_path' as const], statusOfReason)
}

const known = new Map<string, Contract>()

/** The contract of the server at a URL. */
export async function contractOf(url: string, init: BunFetchRequestInit = {}): Promise<Contract> {
  const text = await (await fetch(`${url}/docs/openapi.json`, init)).text()
  let contract = known.get(text)
  if (!contract) {
    contract = createContract(JSON.parse(text) as OpenApi)
    known.set(text, contract)
  }
  return contract
}
