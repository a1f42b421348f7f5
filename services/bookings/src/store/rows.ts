import { jsonRow } from '@channelling/schema'
import type { Booking, BookingStatus, PaymentMethod } from '../rules/booking'
import type { Session } from '../rules/session'

/** Every field of a booking, in the names the rules use, with its column. */
export const bookingColumns = {
  id: 'id',
  sessionId: 'session_id',
  number: 'number',
  status: 'status',
  patientId: 'patient_id',
  clientId: 'client_id',
  paymentMethod: 'payment_method',
  paymentReference: 'payment_reference',
  paid: 'paid',
  foreigner: 'foreigner',
  doctorFee: 'doctor_fee',
  hospitalFee: 'hospital_fee',
  currency: 'currency',
  reference: 'reference',
  itemId: 'item_id',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
  cancelledAt: 'cancelled_at',
  cancelReason: 'cancel_reason',
} satisfies Record<keyof Booking, string>

/** A booking `b` as one JSON row. */
export const bookingRow = jsonRow(
  Object.fromEntries(Object.entries(bookingColumns).map(([field, column]) => [field, `b.${column}`])),
)

/** A booking as the database gives it: flags are 0 or 1. */
export type BookingRow = Omit<Booking, 'status' | 'paymentMethod' | 'paid' | 'foreigner'> & {
  status: string
  paymentMethod: string
  paid: number
  foreigner: number
}

export const bookingOfRow = (row: BookingRow): Booking => ({
  id: row.id,
  sessionId: row.sessionId,
  number: row.number,
  status: row.status as BookingStatus,
  patientId: row.patientId,
  clientId: row.clientId,
  paymentMethod: row.paymentMethod as PaymentMethod,
  paymentReference: row.paymentReference,
  paid: row.paid === 1,
  foreigner: row.foreigner === 1,
  doctorFee: row.doctorFee,
  hospitalFee: row.hospitalFee,
  currency: row.currency,
  reference: row.reference,
  itemId: row.itemId,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  cancelledAt: row.cancelledAt,
  cancelReason: row.cancelReason,
})

/** A patient `p` as one JSON object. */
export const patientJson = "json_object('id', p.id, 'name', p.name, 'foreigner', p.foreigner)"

export interface PatientRow {
  id: number
  name: string
  foreigner: number
}

/** The fields of a session `s` with its seats `t`, consultant `c` and hospital `h`. */
const sessionFields = {
  id: 's.id',
  startsAt: 's.starts_at',
  endsAt: 's.ends_at',
  holiday: 's.holiday',
  endedAt: 's.ended_at',
  statusReason: 's.status_reason',
  cancelledAt: 's.cancelled_at',
  startedAt: 's.started_at',
  heldAt: 's.held_at',
  startingNumber: 's.starting_number',
  reservedNumbers: 'json(s.reserved_numbers)',
  minutesPerPatient: 's.minutes_per_patient',
  localDoctorFee: 's.local_doctor_fee',
  localHospitalFee: 's.local_hospital_fee',
  foreignDoctorFee: 's.foreign_doctor_fee',
  foreignHospitalFee: 's.foreign_hospital_fee',
  currency: 's.currency',
  consultant: "trim(coalesce(c.title, '') || ' ' || c.name)",
  hospital: 'h.name',
  capacity: 't.capacity',
  taken: 't.taken',
  nextNumber: 't.next_number',
  released: 'json(t.released)',
  version: 't.version',
}

export const sessionRow = jsonRow(sessionFields)

export const sessionTables = `session s JOIN seat t ON t.session_id = s.id
  JOIN consultant c ON c.id = s.consultant_id JOIN hospital h ON h.id = s.hospital_id`

export interface SessionRow {
  id: number
  startsAt: number
  endsAt: number
  holiday: number
  endedAt: number | null
  cancelledAt: number | null
  statusReason: string | null
  startedAt: number | null
  heldAt: number | null
  startingNumber: number
  reservedNumbers: number[]
  minutesPerPatient: number
  localDoctorFee: number
  localHospitalFee: number
  foreignDoctorFee: number
  foreignHospitalFee: number
  currency: string
  consultant: string
  hospital: string
  capacity: number
  taken: number
  nextNumber: number
  released: number[]
  version: number
}

export const sessionOfRow = (row: SessionRow): Session => ({
  id: row.id,
  consultant: row.consultant,
  hospital: row.hospital,
  startsAt: row.startsAt,
  endsAt: row.endsAt,
  holiday: row.holiday === 1,
  endedAt: row.endedAt,
  cancelledAt: row.cancelledAt,
  statusReason: row.statusReason,
  startedAt: row.startedAt,
  heldAt: row.heldAt,
  startingNumber: row.startingNumber,
  reserved: new Set(row.reservedNumbers),
  minutesPerPatient: row.minutesPerPatient,
  fees: {
    local: { doctor: row.localDoctorFee, hospital: row.localHospitalFee },
    foreign: { doctor: row.foreignDoctorFee, hospital: row.foreignHospitalFee },
  },
  currency: row.currency,
  seats: {
    capacity: row.capacity,
    taken: row.taken,
    nextNumber: row.nextNumber,
    released: row.released,
    version: row.version,
  },
})
