import { createCalendar, DAY_MS, type Instant, MINUTE_MS } from '@channelling/contract'
import { faultsIn, readOpenBooks } from '../support/books'
import type { Desk } from '../support/desk'
import { Divergence, part, same } from './divergence'
import { type Act, PATIENTS, type Step, type Who } from './history'
import { clients, MINUTES_PER_PATIENT, openHospital, sweepAll, UNKNOWN } from './hospital'
import * as model from './model'

const calendar = createCalendar('Asia/Colombo')
const moment = (instant: Instant | null) => (instant === null ? null : calendar.format(instant))

/**
 * Lets a history happen to the services and to the model alike, in a hospital of its own, and compares every answer and, after every
 * step, the books.
 * @throws Divergence
 */
export async function replay(desk: Desk, steps: readonly Step[]): Promise<void> {
  const { hospital, since } = await openHospital(desk)
  const { sessions } = hospital
  const beganAt = hospital.now
  const firstPatient = sessions[0]!.id
  const firstAnswers = new Map<model.Answer, unknown>()
  const known = new Map<number, { etag: string; body: unknown }>()
  /** Cancelled sessions whose bookings are the model's already given up, and the services' to be within a moment. */
  const unswept = new Set<model.Session>()

  const patientOf = (which: number) =>
    which < PATIENTS ? { id: firstPatient + which, foreigner: which === 1 } : undefined
  const bookingOf = (back: number) => hospital.bookings.at(-1 - back)
  const clientOf = (who: Who, of?: model.Booking) =>
    who === 'maker' ? (of?.client ?? clients[1]!) : clients[['desk', 'portal', 'agency'].indexOf(who)]!

  /** What is asked and, once it is its turn, what the model says to it. */
  function prepare(given: Act) {
    const booking = 'booking' in given ? bookingOf(given.booking) : undefined
    const client = clientOf(given.client, booking)
    const id = booking?.id ?? UNKNOWN
    const [method, path, body, decide] = ((): [string, string, object, () => model.Answer] => {
      switch (given.act) {
        case 'book': {
          const { act: _, client: __, key: ___, session: at, patient: who, reference: own, ...rest } = given
          const session = sessions[at]
          const patient = patientOf(who)
          const reference = own === undefined ? null : `${firstPatient}-${own}`
          const asked = {
            sessionInstanceId: session?.id ?? UNKNOWN,
            patientId: patient?.id ?? UNKNOWN,
            ...rest,
            ...(reference && { reference }),
          }
          const wanted = { ...rest, session, patient, reference }
          return ['POST', '/api/channel/bookings', asked, () => model.book(hospital, client, wanted)]
        }
        case 'cancel':
          return [
            'PUT',
            `/api/channel/bookings/${id}/cancel`,
            { by: given.by },
            () => model.cancel(hospital, client, id, given.by),
          ]
        case 'reschedule': {
          const to = sessions[given.session]
          const asked = { sessionInstanceId: to?.id ?? UNKNOWN }
          return [
            'PUT',
            `/api/channel/bookings/${id}/reschedule`,
            asked,
            () => model.reschedule(hospital, client, id, to),
          ]
        }
        case 'complete': {
          const asked = given.paymentMethod ? { paymentMethod: given.paymentMethod } : {}
          return [
            'PUT',
            `/api/channel/bookings/${id}/complete`,
            asked,
            () => model.complete(hospital, client, id, given.paymentMethod),
          ]
        }
      }
    })()
    const key = given.key === undefined ? undefined : `${firstPatient}-${given.key}`
    const request = `${method} ${path} ${JSON.stringify(body)}`
    return {
      request: `${client.name}: ${request}${key ? ` (key ${key})` : ''}`,
      ask: () => desk.call(method, path, body, { client: client.id, headers: key ? { 'idempotency-key': key } : {} }),
      say: () => model.forbidden(client, given) ?? model.once(hospital, key, client, request, decide),
    }
  }

  type Told = Awaited<ReturnType<Desk['call']>>

  function compare(request: string, told: Told, expected: model.Answer): void {
    const { code, reason, view, made, first } = expected
    same(request, [told.status, told.body.code, told.body.reason], [code, code, reason])
    same(`${request}: is it a repetition?`, told.headers.get('idempotent-replay'), first ? 'true' : null)
    const data = told.body.data
    if (made) {
      same(
        `${request}: has its id another booking?`,
        hospital.bookings.some(({ id }) => id === data.id),
        false,
      )
      made.id = data.id
    }
    if (first) same(`${request}: what was answered first`, told.body.data, firstAnswers.get(first))
    else firstAnswers.set(expected, data)
    if (view) {
      const { id: _, ...shown } = shownOf(view)
      const { feeDifference } = view
      const wanted = { ...shown, ...(feeDifference !== undefined && { feeDifference }) }
      same(request, part(data, wanted), wanted)
    }
  }

  async function act({ acts, sweeping }: Extract<Step, { step: 'act' }>): Promise<void> {
    const prepared = acts.map(prepare)
    const next = hospital.sessions.map((session) => announced(session))
    if (sweeping) desk.sweep()
    const told = await Promise.all(prepared.map(({ ask }) => ask()))
    const expected = prepared.map(({ say }) => say())
    prepared.forEach(({ request }, index) => {
      compare(request, told[index]!, expected[index]!)
    })
    const [only] = acts
    if (acts.length === 1 && only!.act === 'book' && only!.number === undefined && expected[0]!.made) {
      same('the number announced is the number given', told[0]!.body.data.number, next[only!.session])
    }
    if (sweeping) await sweep()
  }

  const announced = ({ id }: model.Session) =>
    (known.get(id)?.body as { data: { nextNumber: number | null } } | undefined)?.data.nextNumber ??
    model.nextNumber(hospital, sessions.find((session) => session.id === id)!)

  /** A booking as the services have to show it; what became of the end of a hold that is over is theirs. */
  function shownOf(booking: Omit<model.Booking, 'history'>) {
    const { id, session, number, status, patientId, fee, reference, paymentMethod, foreigner } = booking
    return {
      id,
      sessionId: session.id,
      number,
      status,
      patientId,
      reference,
      paymentMethod,
      foreigner,
      paid: paymentMethod !== 'OnCall' && !neverCompleted(booking),
      fee: { doctor: fee, hospital: 0, total: fee },
      cancelledAt: moment(booking.cancelledAt),
      ...((status === 'PENDING' || status === 'ACTIVE') && { expiresAt: moment(booking.expiresAt) }),
    }
  }

  const neverCompleted = ({ expiresAt }: Pick<model.Booking, 'expiresAt'>) => expiresAt !== null

  function shownOfSession(session: model.Session) {
    const status = model.statusOf(hospital, session)
    const booked = model.livingIn(hospital, session).length
    const bookable = status === 'Available'
    const nextNumber = bookable ? model.nextNumber(hospital, session) : null
    const { id, capacity, startsAt, startingNumber } = session
    const turn = (number: number) => startsAt + Math.max(0, number - startingNumber) * MINUTES_PER_PATIENT * MINUTE_MS
    return {
      id,
      status,
      bookable,
      capacity,
      ...(!unswept.has(session) && { booked, remaining: capacity === 0 ? null : capacity - booked }),
      nextNumber,
      nextTurnAt: nextNumber === null ? null : moment(turn(nextNumber)),
      endsAt: moment(session.endsAt),
    }
  }

  /** Reads each session again, as somebody who keeps what he read. */
  async function readSessions(): Promise<void> {
    const replies = await Promise.all(
      sessions.map(({ id }) => {
        const etag = known.get(id)?.etag
        return desk.call('GET', `/api/channel/sessions/${id}`, undefined, {
          headers: etag ? { 'if-none-match': etag } : {},
        })
      }),
    )
    replies.forEach(({ status, headers, body }, index) => {
      const session = sessions[index]!
      const etag = headers.get('etag')
      const now = status === 304 ? known.get(session.id)!.body : body
      if (etag) known.set(session.id, { etag, body: now })
      const expected = shownOfSession(session)
      same(`session ${index}`, part((now as { data: Record<string, unknown> }).data, expected), expected)
    })
  }

  async function read({ what, which, client: who }: Extract<Step, { step: 'read' }>): Promise<void> {
    const booking = bookingOf(which)
    const client = clientOf(who, booking)
    const get = (path: string) => desk.call('GET', path, undefined, { client: client.id })
    if (what === 'sessions') {
      const [from, to] = [beganAt, beganAt + DAY_MS / 2].map((at) => encodeURIComponent(calendar.format(at)))
      const { body } = await get(`/api/channel/sessions?fromDate=${from}&toDate=${to}&size=200`)
      const expected = sessions.map(shownOfSession)
      const told = body.data.map((one: Record<string, unknown>, index: number) => part(one, expected[index] ?? {}))
      return same('the sessions of the day', told, expected)
    }
    if (what === 'patient') {
      const patient = patientOf(which % (PATIENTS + 1))
      const { status, body } = await get(`/api/channel/bookings/patient/${patient?.id ?? UNKNOWN}?size=200`)
      if (!patient) return same('bookings of an unknown patient', [status, body.reason], [404, 'patient_not_found'])
      const expected = model
        .ofPatient(hospital, client, patient.id)
        .filter(({ session }) => !unswept.has(session))
        .map(shownOf)
      const ids = new Set([...unswept].map(({ id }) => id))
      const told = body.data.filter((one: { sessionId: number }) => !ids.has(one.sessionId))
      return same(
        `${client.name}: bookings of a patient`,
        told.map((one: Record<string, unknown>, index: number) => part(one, expected[index] ?? {})),
        expected,
      )
    }
    if (booking && unswept.has(booking.session)) return
    const path = `/api/channel/bookings/${booking?.id ?? UNKNOWN}`
    const { status, body } = await get(what === 'booking' ? path : `${path}/history`)
    if (!booking || (client.access === 'own' && booking.client !== client)) {
      return same(`${client.name}: GET ${path}`, [status, body.reason], [404, 'booking_not_found'])
    }
    if (what === 'booking') return same(`GET ${path}`, part(body.data, shownOf(booking)), shownOf(booking))
    const { history } = booking
    // the end of a hold is told once it is written down
    const expected =
      history.at(-1)!.status === 'EXPIRED' ? history.slice(0, Math.max(body.data.length, history.length - 1)) : history
    same(
      `GET ${path}/history`,
      body.data.map((one: Record<string, unknown>) => part(one, history[0]!)),
      expected,
    )
  }

  async function sweep(): Promise<void> {
    await sweepAll(desk, since)
    unswept.clear()
  }

  async function change(step: Extract<Step, { step: 'change' | 'cancel session' }>): Promise<void> {
    const session = sessions[step.session]!
    const path = `/api/channel/sessions/${session.id}`
    if (step.step === 'cancel session') {
      const told = await desk.call('DELETE', path)
      const expected = model.cancelSession(hospital, session)
      if (expected.code === 200) unswept.add(session)
      return compare(`DELETE session ${step.session}`, told, expected)
    }
    const { status, capacity, longer } = step
    // a place whose hold is over counts against a lower capacity until that is written down, within a second
    if (capacity !== undefined) await sweep()
    const endsAt = longer ? session.endsAt + 60 * MINUTE_MS : undefined
    const asked = {
      ...(status && { status }),
      ...(capacity !== undefined && { capacity }),
      ...(endsAt && { endsAt: calendar.format(endsAt) }),
    }
    const told = await desk.call('PUT', path, asked)
    compare(
      `PUT session ${step.session} ${JSON.stringify(asked)}`,
      told,
      model.change(hospital, session, { status, capacity, endsAt }),
    )
  }

  async function until(instant: Instant | undefined): Promise<void> {
    if (instant === undefined) return
    // what the services do by themselves within a second has been done by then
    await (unswept.size > 0 ? sweep() : undefined)
    model.pass(hospital, instant)
    desk.time.now = hospital.now
  }

  async function take(step: Step): Promise<void> {
    switch (step.step) {
      case 'act':
        return act(step)
      case 'wait':
        return until(hospital.now + step.ms)
      case 'until': {
        const held = hospital.bookings.filter(({ status }) => status === 'PENDING')
        const ends = step.of === 'hold' ? held.map(({ expiresAt }) => expiresAt!) : sessions.map(({ endsAt }) => endsAt)
        return until(ends[step.which % ends.length] && ends[step.which % ends.length]! + step.ms)
      }
      case 'change':
      case 'cancel session':
        return change(step)
      case 'sweep':
        return sweep()
      case 'read':
        return read(step)
    }
  }

  /** What is written agrees with itself and with the model: places, numbers, references, and one event for each transition. */
  async function checkBooks(): Promise<void> {
    const books = await readOpenBooks(
      desk.database,
      sessions.map(({ id }) => id),
      since,
    )
    same('faults in the books', faultsIn(books), [])
    const eventsOf = Map.groupBy(books.events, ({ booking_id }) => booking_id)
    same(
      'bookings written',
      books.bookings.map(({ id }) => id),
      hospital.bookings.map(({ id }) => id).sort((a, b) => a - b),
    )
    const rows = new Map(books.bookings.map((row) => [row.id, row]))
    for (const booking of hospital.bookings) {
      const row = rows.get(booking.id)!
      const types = eventsOf.get(booking.id)!.map(({ type }) => type)
      const expected = booking.history.map(({ type }) => type)
      const late = row.status !== booking.status && (booking.status === 'EXPIRED' || unswept.has(booking.session))
      const { session, number, status, client, reference } = booking
      same(
        `booking ${booking.id} as it is written`,
        [row.session_id, row.number, row.status, row.client_id, row.reference, types],
        [session.id, number, late ? row.status : status, client.id, reference, late ? expected.slice(0, -1) : expected],
      )
    }
  }

  for (const [index, step] of steps.entries()) {
    try {
      await take(step)
      await readSessions()
      await checkBooks()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      throw new Divergence(`at step ${index + 1} of ${steps.length}, ${JSON.stringify(step)}\n${error.message}`, {
        cause: error,
      })
    }
  }
  await until(hospital.now + model.HOLD_MINUTES * MINUTE_MS)
  await sweep()
  await checkBooks()
  const written = await desk.database.read<{ type: string; sessionId: number }>(
    'SELECT type, session_id AS sessionId FROM event WHERE seq > ? AND booking_id IS NULL ORDER BY seq',
    [since.event],
  )
  for (const { id, events } of sessions) {
    same(
      `events of session ${id}`,
      written.filter((one) => one.sessionId === id).map(({ type }) => type),
      events,
    )
  }
}
