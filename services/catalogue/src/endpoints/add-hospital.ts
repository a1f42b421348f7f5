import { created, envelope, jsonBody, refusals, schema } from '@channelling/http'
import { Elysia } from 'elysia'
import type { Dependencies } from '../dependencies'
import { addHospital } from '../store/hospitals'
import { hospitalBody, hospitalGiven, hospitalRecord, recordView } from './shapes/directory'

export const addHospitalEndpoint = ({
  database,
  calendar,
  identity,
}: Pick<Dependencies, 'database' | 'calendar' | 'identity'>) =>
  new Elysia().use(identity).post(
    '/api/channel/hospitals',
    async ({ body, set }) => {
      const added = await addHospital(database, hospitalGiven(body))
      set.status = 201
      set.headers.location = `/api/channel/hospitals/${added.id}`
      return created(recordView(added, calendar))
    },
    {
      scope: 'catalogue:write',
      parse: jsonBody,
      body: schema(hospitalBody),
      response: { 201: envelope(hospitalRecord, 201), ...refusals('already_exists') },
      detail: {
        summary: 'Add a hospital',
        description: 'Refused where there is one of that name or code already, a retired one too.',
        tags: ['Catalogue'],
        operationId: 'addHospital',
      },
    },
  )
