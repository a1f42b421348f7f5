import { sql } from 'drizzle-orm'
import { check, index, integer, primaryKey, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core'
import { cents, flag, instant } from './columns'

export const speciality = sqliteTable('speciality', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull().unique(),
  code: text('code').notNull().unique(),
  description: text('description'),
  retiredAt: instant('retired_at'),
})

export const hospital = sqliteTable('hospital', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull().unique(),
  code: text('code').notNull().unique(),
  city: text('city'),
  phone: text('phone'),
  retiredAt: instant('retired_at'),
})

export const consultant = sqliteTable(
  'consultant',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    name: text('name').notNull(),
    title: text('title'),
    /** Of the medical council; what tells two consultants of one name apart. */
    registration: text('registration').notNull().unique(),
    qualification: text('qualification'),
    specialityId: integer('speciality_id')
      .notNull()
      .references(() => speciality.id),
    retiredAt: instant('retired_at'),
  },
  (table) => [index('consultant_by_speciality').on(table.specialityId)],
)

/** Where a consultant sees patients. */
export const consultantHospital = sqliteTable(
  'consultant_hospital',
  {
    consultantId: integer('consultant_id')
      .notNull()
      .references(() => consultant.id),
    hospitalId: integer('hospital_id')
      .notNull()
      .references(() => hospital.id),
  },
  (table) => [
    primaryKey({ columns: [table.consultantId, table.hospitalId] }),
    index('consultant_hospital_by_hospital').on(table.hospitalId),
  ],
)

/** What a schedule and each session made from it share. Amounts in cents. */
const terms = () => ({
  room: text('room'),
  /** 0: unlimited. */
  capacity: integer('capacity').notNull(),
  startingNumber: integer('starting_number').notNull().default(1),
  /** JSON array of numbers that ordinary bookings skip. */
  reservedNumbers: text('reserved_numbers').notNull().default('[]'),
  minutesPerPatient: integer('minutes_per_patient').notNull(),
  localDoctorFee: cents('local_doctor_fee').notNull(),
  localHospitalFee: cents('local_hospital_fee').notNull(),
  foreignDoctorFee: cents('foreign_doctor_fee').notNull(),
  foreignHospitalFee: cents('foreign_hospital_fee').notNull(),
})

const termsHold = sql`capacity >= 0 AND starting_number >= 1 AND minutes_per_patient >= 1
  AND local_doctor_fee >= 0 AND local_hospital_fee >= 0 AND foreign_doctor_fee >= 0 AND foreign_hospital_fee >= 0
  AND json_type(reserved_numbers) = 'array'`

/** A recurring template: this consultant, at this hospital, each week on this day at this time. */
export const schedule = sqliteTable(
  'schedule',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    consultantId: integer('consultant_id')
      .notNull()
      .references(() => consultant.id),
    hospitalId: integer('hospital_id')
      .notNull()
      .references(() => hospital.id),
    /** 1 for Monday to 7 for Sunday. */
    weekday: integer('weekday').notNull(),
    /** Minutes after local midnight. */
    startMinute: integer('start_minute').notNull(),
    durationMinutes: integer('duration_minutes').notNull(),
    ...terms(),
    /** First and last day on which it applies, `yyyy-MM-dd`; null is open. */
    validFrom: text('valid_from'),
    validTo: text('valid_to'),
    retiredAt: instant('retired_at'),
  },
  (table) => [
    unique('schedule_slot').on(table.consultantId, table.hospitalId, table.weekday, table.startMinute),
    check('schedule_weekday', sql`weekday BETWEEN 1 AND 7`),
    check('schedule_time', sql`start_minute BETWEEN 0 AND 1439 AND duration_minutes BETWEEN 1 AND 1440`),
    check('schedule_terms', termsHold),
  ],
)

/** A consultant's sitting at a hospital, at one time. Its places are counted in `seat`. */
export const session = sqliteTable(
  'session',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    scheduleId: integer('schedule_id').references(() => schedule.id),
    consultantId: integer('consultant_id')
      .notNull()
      .references(() => consultant.id),
    hospitalId: integer('hospital_id')
      .notNull()
      .references(() => hospital.id),
    startsAt: instant('starts_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    ...terms(),
    currency: text('currency').notNull(),
    holiday: flag('holiday').notNull().default(false),
    endedAt: instant('ended_at'),
    cancelledAt: instant('cancelled_at'),
    startedAt: instant('started_at'),
    heldAt: instant('held_at'),
    statusReason: text('status_reason'),
  },
  (table) => [
    unique('session_slot').on(table.consultantId, table.hospitalId, table.startsAt),
    index('session_by_start').on(table.startsAt),
    index('session_by_cancellation').on(table.cancelledAt).where(sql`cancelled_at IS NOT NULL`),
    index('session_by_hospital').on(table.hospitalId, table.startsAt),
    index('session_by_consultant').on(table.consultantId, table.startsAt),
    check('session_times', sql`ends_at > starts_at`),
    check('session_holiday', sql`holiday IN (0, 1)`),
    check('session_terms', termsHold),
  ],
)
