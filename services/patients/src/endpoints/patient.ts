import { type Calendar, dateTime, dateTimeOut, positiveId, text } from '@channelling/contract'
import { z } from 'zod'
import { sexes, type Told } from '../rules/person'
import type { Patient } from '../store/patient-row'

const sex = z.enum(sexes, `must be one of ${sexes.join(', ')}`).nullable()

/** A patient on the wire. */
export const patient = z.object({
  id: positiveId,
  phn: z.string().meta({ description: 'The personal health number, with a check digit', example: 'P12345678906' }),
  title: z.string().nullable(),
  name: z.string(),
  sex,
  dob: dateTimeOut.nullable().meta({ description: 'The day of birth, at 00:00:00', example: '1990-05-18 00:00:00' }),
  phone: z.string().nullable().meta({ description: 'In E.164', example: '+94771234567' }),
  nic: z.string().nullable().meta({ description: 'In the form it was given in', example: '853400937V' }),
  passport: z.string().nullable(),
  email: z.string().nullable(),
  address: z.string().nullable(),
  foreigner: z.boolean(),
  createdAt: dateTimeOut,
})

export const view = ({ id, phn, person, createdAt }: Patient, calendar: Calendar): z.output<typeof patient> => ({
  id,
  phn,
  title: person.title,
  name: person.name,
  sex: person.sex,
  // a day, not an instant: no zone moves it
  dob: person.dob && `${person.dob} 00:00:00`,
  phone: person.phone,
  nic: person.nic,
  passport: person.passport,
  email: person.email,
  address: person.address,
  foreigner: person.foreigner,
  createdAt: calendar.format(createdAt),
})

const email = text(254)
  .refine((written) => z.regexes.email.test(written), 'must be an email address')
  .meta({ format: 'email', pattern: undefined, example: 'jane@example.com' })

/** What a body may tell of a patient, all but the name optional; whether phone and NIC exist is for the rules to say. */
export const told = {
  name: text(200).meta({ pattern: undefined, example: 'Jane Doe' }),
  title: text(20)
    .nullish()
    .meta({ description: 'How the person is addressed: `Mr`, `Mrs`, `Baby`, `Rev`', example: 'Mrs' }),
  sex: sex.optional(),
  dob: dateTime.nullish().meta({ description: 'The day of birth; a time of day is left out', example: '1990-05-18' }),
  phone: text(40).nullish().meta({
    description: 'However it is written; without a country code it is a number of the country of the hospital',
    example: '077 123 4567',
  }),
  nic: text(20).nullish().meta({
    description: 'The national identity card: nine digits and V or X, or twelve digits',
    example: '853400937V',
  }),
  passport: text(30)
    .nullish()
    .meta({ description: '5 to 20 letters and digits, spaces and dashes left out', example: 'N1234567' }),
  email: email.nullish(),
  address: text(500).nullish(),
  foreigner: z
    .boolean('must be true or false')
    .nullish()
    .meta({ description: 'Whether foreign fees apply; false by default' }),
} satisfies { [Property in keyof Told]-?: z.ZodType<Told[Property]> }
