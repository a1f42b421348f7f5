import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../dependencies'
import { addSpeciality } from '../store/specialities'
import { recordView, specialityBody, specialityGiven, specialityRecord } from './shapes/directory'

export const addSpecialityEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia().use(identity).post(
    '/api/channel/specialities',
    async ({ body, set }) => {
      const added = await addSpeciality(database, specialityGiven(body))
      set.status = 201
      set.headers.location = `/api/channel/specialities/${added.id}`
      return created(recordView(added, calendar))
    },
    {
      scope: 'catalogue:write',
      parse: jsonBody,
      body: schema(specialityBody),
      response: { 201: envelope(specialityRecord, 201), ...refusals('already_exists') },
      detail: {
        summary: 'Add a speciality',
        description: 'Refused where there is one of that name or code already, a retired one too.',
        tags: ['Catalogue'],
        operationId: 'addSpeciality',
      },
    },
  )
