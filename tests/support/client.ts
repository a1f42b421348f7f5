import { type Access, scopes as everyScope, type Scope } from '@channelling/contract'
import type { Call, Server } from './server'

/** An application that integrates with the hospital, with one key. */
export interface ApiClient {
  id: number
  keyId: number
  key: string
  call: Call
}

export interface ClientGiven {
  access?: Access
  scopes?: readonly Scope[]
  active?: boolean
}

let named = 0

/** Registers a client and issues it a key, as an administrator does over HTTP. By default it may do everything with its own bookings. */
export async function aClient(
  server: Server,
  { access = 'own', scopes = everyScope, active = true }: ClientGiven = {},
): Promise<ApiClient> {
  const client = await server.call('POST', '/api/admin/clients', { name: `Client ${++named}`, access })
  if (client.status !== 201) throw new Error(`No client: ${client.text}`)
  const { id } = client.body.data
  const asked = { clientId: id, scopes, active, expiresAt: '2999-12-31' }
  const issued = await server.call('POST', '/api/admin/keys', asked)
  if (issued.status !== 201) throw new Error(`No key: ${issued.text}`)
  const { id: keyId, key } = issued.body.data
  return { id, keyId, key, call: server.as(key) }
}
