import { type Instant, idInText, Refusal } from '@channelling/contract'
import { conditional, envelope, named, refusals, schema, success, unchanged } from '@channelling/http'
import { Elysia } from 'elysia'
import { z } from 'zod'
import type { Dependencies } from '../dependencies'
import { findSession, type Session } from '../store/sessions'
import { session, sessionView } from './shapes/session'

export const getSession = ({
  database,
  calendar,
  clock,
  identity,
  answers,
}: Pick<Dependencies, 'database' | 'calendar' | 'clock' | 'identity' | 'answers'>) =>
  new Elysia().use(identity).get(
    '/api/channel/sessions/:id',
    async ({ params: { id }, request }) => {
      const now = clock()
      const kept = answers?.find(id, now)
      if (kept) return conditional(kept, request)
      const keep = answers?.begin()
      const found = await findSession(database, id, now)
      if (!found) throw new Refusal('session_not_found', 'There is no such session')
      const answer = named(success(sessionView(found, now, calendar)))
      keep?.(id, answer, heldUntil(found, now))
      return conditional(answer, request)
    },
    {
      scope: 'catalogue:read',
      params: schema(z.object({ id: idInText })),
      response: { ...unchanged, 200: envelope(session), ...refusals('session_not_found') },
      detail: {
        summary: 'Show a session',
        description: 'With its status, fees, places left and the number that the next booking gets, as of now.',
        tags: ['Catalogue'],
        operationId: 'getSession',
      },
    },
  )

/** The first instant at which time alone changes what is told of the session: a hold runs out, or it ends. */
const heldUntil = ({ endsAt, nextRunOutAt }: Session, now: Instant): Instant =>
  Math.min(now < endsAt ? endsAt : Number.POSITIVE_INFINITY, nextRunOutAt ?? Number.POSITIVE_INFINITY)
