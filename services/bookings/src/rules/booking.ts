import type { Instant } from '@channelling/contract'

export const bookingStatuses = [
  'PENDING',
  'ACTIVE',
  'COMPLETED',
  'ABSENT',
  'PATIENT_CANCELED',
  'DOCTOR_CANCELED',
  'EXPIRED',
] as const

export type BookingStatus = (typeof bookingStatuses)[number]

export const paymentMethods = [
  'OnCall',
  'Cash',
  'Card',
  'Staff',
  'Credit',
  'Staff_Welfare',
  'Voucher',
  'IOU',
  'Agent',
  'Cheque',
  'Slip',
  'ewallet',
  'PatientDeposit',
  'PatientPoints',
] as const

export type PaymentMethod = (typeof paymentMethods)[number]

/** A booking: one patient's number in one session. Amounts in cents, instants in UTC milliseconds. */
export interface Booking {
  id: number
  sessionId: number
  number: number
  status: BookingStatus
  patientId: number
  /** The API client that made it. */
  clientId: number
  paymentMethod: PaymentMethod
  paymentReference: string | null
  paid: boolean
  foreigner: boolean
  doctorFee: number
  hospitalFee: number
  currency: string
  reference: string | null
  itemId: number | null
  createdAt: Instant
  /** The first instant at which a held place is no longer kept. */
  expiresAt: Instant | null
  cancelledAt: Instant | null
  cancelReason: string | null
}
