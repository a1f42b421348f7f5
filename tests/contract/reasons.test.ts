import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Reason, reasons } from '@channelling/contract'
import { type Documented, reasonsOf } from '../support/openapi'
import { type Server, startServer } from '../support/server'
import { type Source, sourcesOf } from '../support/sources'

let server: Server
let operations: Documented[]
beforeAll(async () => {
  server = await startServer()
  operations = server.contract.operations
}, 30_000)
afterAll(() => server[Symbol.asyncDispose]())

const allReasonsOf = (operation: Documented) =>
  [...operation.responses.keys()].flatMap((status) => reasonsOf(operation, status))

/** Answered for paths that no operation has. */
const outside = ['no_such_path']

/** The reasons that a source sends by itself. */
const sentBy = ({ text }: Source) => [...text.matchAll(/new Refusal\(\s*'(\w+)'/g)].map(([, reason]) => reason!)

/** The operations that a source serves. */
const servedBy = ({ text }: Source) => [...text.matchAll(/operationId: '(\w+)'/g)].map(([, name]) => name!)

/** What the operations that a source serves send without listing it. */
const unlisted = (source: Source, among: Documented[]) =>
  among
    .filter(({ object }) => servedBy(source).includes(object.operationId))
    .flatMap((operation) =>
      sentBy(source)
        .filter((reason) => !allReasonsOf(operation).includes(reason))
        .map((reason) => `${operation.object.operationId} sends ${reason}`),
    )

test('every reason of the table is listed by an operation, or told of in the description', () => {
  const listed = new Set(operations.flatMap(allReasonsOf))
  expect(Object.keys(reasons).filter((reason) => !listed.has(reason))).toEqual(outside)
  for (const reason of outside) expect(server.contract.document.info.description).toContain(`\`${reason}\``)
})

test('every reason that the document lists is in the table, and says there what it means', () => {
  for (const operation of operations) {
    for (const [status, response] of operation.responses) {
      for (const reason of reasonsOf(operation, status)) {
        const { about } = reasons[reason as Reason]
        if (operation.object['x-scope']) expect(response.description).toContain(`\`${reason}\`: ${about}`)
      }
    }
  }
})

test('every reason that the sources send is in the table and in the document', async () => {
  const sources = await sourcesOf('gateway/src/**/*.ts', 'services/*/src/**/*.ts', 'libs/*/src/**/*.ts')
  const sent = new Set(sources.flatMap(sentBy))
  expect(sent.size).toBeGreaterThan(30)
  const listed = new Set([...operations.flatMap(allReasonsOf), ...outside])
  expect([...sent].filter((reason) => !listed.has(reason))).toEqual([])
})

test('what a service sends is listed by one of its operations', async () => {
  for (const folder of ['services/bookings', 'services/catalogue', 'services/patients', 'gateway/src/administration']) {
    const sources = await sourcesOf(`${folder}/**/*.ts`)
    const served = new Set(sources.flatMap(servedBy))
    expect(served.size).toBeGreaterThan(3)
    const listed = new Set(
      operations.filter(({ object }) => served.has(object.operationId)).flatMap((operation) => allReasonsOf(operation)),
    )
    expect([folder, sources.flatMap(sentBy).filter((reason) => !listed.has(reason))]).toEqual([folder, []])
  }
})

test('an endpoint lists what it sends itself', async () => {
  const endpoints = await sourcesOf('services/*/src/endpoints/**/*.ts', 'gateway/src/administration/endpoints/**/*.ts')
  expect(endpoints.flatMap(servedBy).length).toBeGreaterThan(40)
  expect(endpoints.flatMap((source) => unlisted(source, operations))).toEqual([])
})

test('an endpoint that sends what it does not list is found', () => {
  const source = {
    path: 'sample.ts',
    text: "throw new Refusal(\n 'patient_not_found', 'There is none')\n detail: { operationId: 'getSession' }",
  }
  expect(unlisted(source, operations)).toEqual(['getSession sends patient_not_found'])
})
