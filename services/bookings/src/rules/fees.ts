/** In cents. */
export interface Fee {
  doctor: number
  hospital: number
}

/** What a session asks of local and of foreign patients. */
export interface Fees {
  local: Fee
  foreign: Fee
}

export const feeFor = (fees: Fees, foreigner: boolean): Fee => (foreigner ? fees.foreign : fees.local)
