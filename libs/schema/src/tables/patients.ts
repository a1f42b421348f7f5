import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { flag, instant } from './columns'

export const patient = sqliteTable(
  'patient',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** The personal health number: unique, with a check character. */
    phn: text('phn').notNull().unique(),
    title: text('title'),
    name: text('name').notNull(),
    /** The name folded for search and comparison: lower case, single spaces. */
    nameKey: text('name_key').notNull(),
    sex: text('sex'),
    /** `yyyy-MM-dd`. */
    dob: text('dob'),
    /** E.164, `+94771234567`. */
    phone: text('phone'),
    nic: text('nic'),
    /** The NIC in its new, twelve-digit form, whichever form was given. */
    nicKey: text('nic_key'),
    passport: text('passport'),
    email: text('email'),
    address: text('address'),
    foreigner: flag('foreigner').notNull().default(false),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    uniqueIndex('patient_nic').on(table.nicKey).where(sql`nic_key IS NOT NULL`),
    uniqueIndex('patient_passport').on(table.passport).where(sql`passport IS NOT NULL`),
    uniqueIndex('patient_person')
      .on(table.nameKey, table.dob, table.phone)
      .where(sql`dob IS NOT NULL AND phone IS NOT NULL`),
    index('patient_by_phone').on(table.phone),
    index('patient_by_email').on(table.email),
    check('patient_foreigner', sql`foreigner IN (0, 1)`),
  ],
)
