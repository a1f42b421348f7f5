import { afterEach, expect, test } from 'bun:test'
import { startPatients, stopPatients } from './testing'

afterEach(stopPatients)

test('the service documents its operations with the scope each asks for', async () => {
  const { app } = await startPatients()
  const document = (await (await app.fetch(new Request('http://localhost/openapi/json'))).json()) as {
    paths: Record<string, Record<string, { operationId: string; 'x-scope': string }>>
  }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, of]) => `${method} ${path} ${of.operationId} ${of['x-scope']}`),
  )
  expect(operations.sort()).toEqual([
    'get /api/patients/search searchPatients patients:read',
    'get /api/patients/{id} getPatient patients:read',
    'post /api/patients registerPatient patients:write',
    'put /api/patients/{id} changePatient patients:write',
  ])
})

test('the service is ready while its database answers', async () => {
  const { app } = await startPatients()
  expect((await app.fetch(new Request('http://localhost/health/ready'))).status).toBe(200)
})
