import { type Kind, type Reason, reasons } from './reasons'

/** One fault of a request: where it is (`body.patientId`) and what it must be. Never the value. */
export interface FieldFault {
  path: string
  message: string
}

export interface RefusalDetails {
  fields?: FieldFault[]
  /** The record that is there already, on a duplicate. */
  existing?: Record<string, number | string>
  /** The methods a path knows, on a wrong method. */
  allow?: string[]
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number
  /** Whether it is what an earlier request with the same Idempotency-Key was told. */
  replayed?: boolean
  /**
   * The kind of this refusal where it is not the reason's usual one: `key_retired` is a failed authentication for the key that
   * makes a request, and a conflict for the key that a request is about.
   */
  kind?: Kind
}

/**
 * A request that is refused, said in the terms of the domain. Rules throw it; the HTTP kit answers it.
 * `message` is read by people and never holds personal data.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(
    readonly reason: Reason,
    message: string,
    readonly details: RefusalDetails = {},
  ) {
    super(message)
  }

  get kind(): Kind {
    return this.details.kind ?? reasons[this.reason].kind
  }
}

/** A request refused for one faulty field. */
export const invalidField = (path: string, message: string) =>
  new Refusal('invalid_request', 'The request is not valid', { fields: [{ path, message }] })
