import type { Caller } from '@channelling/contract'
import { IDENTITY_HEADER, signIdentity } from '@channelling/http'
import { type Reply, replyOf } from './reply'
import type { Services } from './services'

/** The client of the bootstrap key, as a gateway tells of it. */
const caller: Caller = { clientId: 1, keyId: 1, access: 'all', scopes: ['bookings:read', 'bookings:write'] }

const PATH = '/api/channel/bookings'

/** Books straight at one process of a service, signed as a gateway signs, so that no gateway chooses which process it is. */
export async function bookStraight(
  { environment }: Pick<Services, 'environment'>,
  origin: string,
  body: { sessionInstanceId: number; patientId: number },
  headers: Record<string, string> = {},
): Promise<Reply> {
  const identity = signIdentity(environment.INTERNAL_SECRET!, caller, { method: 'POST', path: PATH }, Date.now())
  const response = await fetch(`${origin}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [IDENTITY_HEADER]: identity, ...headers },
    body: JSON.stringify(body),
  })
  return replyOf(response)
}
