import type { Booking, BookingStatus, PaymentMethod } from '../rules/booking'
import type { Session } from '../rules/session'

/** The columns of a booking, in the names the rules use. */
export const bookingColumns = `b.id, b.session_id AS sessionId, b.number, b.status, b.patient_id AS patientId,
  b.client_id AS clientId, b.payment_method AS paymentMethod, b.payment_reference AS paymentReference, b.paid,
  b.foreigner, b.doctor_fee AS doctorFee, b.hospital_fee AS hospitalFee, b.currency, b.reference, b.item_id AS itemId,
  b.created_at AS createdAt, b.expires_at AS expiresAt, b.cancelled_at AS cancelledAt, b.cancel_reason AS cancelReason`

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

/** A session `s` with its seats `t`, consultant `c` and hospital `h`. */
export const sessionColumns = `s.id, s.starts_at AS startsAt, s.ends_at AS endsAt, s.holiday, s.ended_at AS endedAt,
  s.status_reason AS statusReason, s.cancelled_at AS cancelledAt, s.started_at AS startedAt, s.held_at AS heldAt,
  s.starting_number AS startingNumber, s.reserved_numbers AS reservedNumbers, s.minutes_per_patient AS minutesPerPatient,
  s.local_doctor_fee AS localDoctorFee, s.local_hospital_fee AS localHospitalFee,
  s.foreign_doctor_fee AS foreignDoctorFee, s.foreign_hospital_fee AS foreignHospitalFee, s.currency,
  trim(coalesce(c.title, '') || ' ' || c.name) AS consultant, h.name AS hospital,
  t.capacity, t.taken, t.next_number AS nextNumber, t.released, t.version`

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
  reservedNumbers: string
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
  released: string
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
  reserved: new Set(JSON.parse(row.reservedNumbers) as number[]),
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
    released: JSON.parse(row.released) as number[],
    version: row.version,
  },
})
