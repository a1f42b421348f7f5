import { idInText, paging, text } from '@channelling/contract'
import { listEnvelope, listed, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { likenesses } from '../rules/criteria'
import { NAME_PART_CHARACTERS_MIN } from '../rules/name'
import { searchPatients } from '../store/search'
import { patient, view } from './patient'

const criteria = {
  phone: text(40).optional().meta({ description: 'However it is written', example: '0771234567' }),
  nic: text(20).optional().meta({ description: 'In either form; it finds the other too', example: '853400937V' }),
  phn: text(30).optional().meta({ description: 'In any case, with or without dashes', example: 'P12345678906' }),
  name: text(200, NAME_PART_CHARACTERS_MIN)
    .optional()
    .meta({ description: 'Any part of the name, in any case', example: 'doe' }),
  id: idInText.optional(),
  query: text(254, 2)
    .optional()
    .meta({ description: 'Whichever of phone, NIC, PHN, passport, email or a part of the name it looks like' }),
}

const criterionNames = Object.keys(criteria) as (keyof typeof criteria)[]

const search = z
  .strictObject({ ...criteria, ...paging })
  .refine(
    (given) => criterionNames.some((name) => given[name] !== undefined),
    `must have at least one of ${criterionNames.join(', ')}`,
  )

export const searchPatientsEndpoint = ({
  identity,
  database,
  calendar,
  region,
}: Pick<Dependencies, 'identity' | 'database' | 'calendar' | 'region'>) =>
  new Elysia().use(identity).get(
    '/api/patients/search',
    async ({ query: { page, size, ...given } }) => {
      const { patients, total } = await searchPatients(database, likenesses(given, region), { page, size })
      return listed(
        patients.map((found) => view(found, calendar)),
        { page, size, total },
      )
    },
    {
      scope: 'patients:read',
      query: schema(search),
      response: { 200: listEnvelope(patient), ...refusals() },
      detail: {
        summary: 'Search patients',
        description:
          'Patients who meet every criterion given, at least one, by name. An empty list when there is none.',
        tags: ['Patients'],
        operationId: 'searchPatients',
      },
    },
  )
