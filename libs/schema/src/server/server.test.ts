import { expect, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { DatabaseFault } from '../faults'
import { overClient, type ServerClient } from './server'

/** A server that answers every request alike. */
const failing = (code: string) => {
  let asked = 0
  const fail = async () => {
    asked++
    throw Object.assign(new Error(code), { code })
  }
  const client = { execute: fail, batch: fail, close() {} } as unknown as ServerClient
  return { database: overClient(client), asked: () => asked }
}

const faultOfWrite = async (database: ReturnType<typeof overClient>) => {
  const error = await database.write([{ sql: 'DELETE FROM booking', args: [] }]).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(DatabaseFault)
  expect(error.cause).toBeInstanceOf(Refusal)
  return error as DatabaseFault & { cause: Refusal }
}

test('a write that other writers keep out is tried again, and its caller is then asked to come back', async () => {
  const { database, asked } = failing('SQLITE_BUSY')
  const { isUndone, cause } = await faultOfWrite(database)
  expect([isUndone, cause.reason]).toEqual([true, 'overloaded'])
  expect(asked()).toBeGreaterThan(5)
})

test('a write that the server keeps out for want of room is tried as often', async () => {
  const { database, asked } = failing('TRANSACTION_BUSY')
  const { isUndone, cause } = await faultOfWrite(database)
  expect([isUndone, cause.reason]).toEqual([true, 'overloaded'])
  expect(asked()).toBeGreaterThan(5)
})

test('a write that the server undid since others waited for it is tried once more, and its caller is then asked to come back', async () => {
  const { database, asked } = failing('TRANSACTION_TIMEOUT')
  const { isUndone, cause } = await faultOfWrite(database)
  expect([isUndone, cause.reason]).toEqual([true, 'overloaded'])
  expect(asked()).toBe(2)
})

test('a write of which nobody knows whether it was done is not tried again', async () => {
  const { database, asked } = failing('ECONNRESET')
  const { isUndone, cause } = await faultOfWrite(database)
  expect([isUndone, cause.reason]).toEqual([false, 'service_unavailable'])
  expect(asked()).toBe(1)
})
