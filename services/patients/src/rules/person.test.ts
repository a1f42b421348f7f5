import { expect, test } from 'bun:test'
import { createCalendar } from '@channelling/contract'
import { nobody, type Told, withTold } from './person'

const at = { region: 'LK', today: '2026-05-18', calendar: createCalendar('Asia/Colombo') } as const
const jane: Told = { name: 'Jane Doe', phone: '0771234567' }
const faulty = (told: Told) => withTold(nobody, { ...jane, ...told }, at).faults.map(({ property }) => property)

test('a name and something that leads back to the person are enough', () => {
  for (const lead of [{ phone: '0771234567' }, { nic: '853400937V' }, { passport: 'N1234567' }, { email: 'j@x.lk' }]) {
    expect(withTold(nobody, { name: 'Jane', ...lead }, at).faults).toEqual([])
  }
  expect(withTold(nobody, { name: 'Jane', address: 'Galle' }, at).faults).toHaveLength(1)
})

test('everything is kept in its normal form', () => {
  const told = { ...jane, nic: '85 3400937v', passport: 'n-123 4567', email: 'Jane@X.lk', dob: '1985-12-05 23:59:59' }
  expect(withTold(nobody, told, at).person).toMatchObject({
    nameKey: 'jane doe',
    phone: '+94771234567',
    nic: '853400937V',
    nicKey: '198534000937',
    passport: 'N1234567',
    email: 'jane@x.lk',
    dob: '1985-12-05',
  })
})

test('who is born today is born; who is born tomorrow is not', () => {
  expect(faulty({ dob: '2026-05-18' })).toEqual([])
  expect(faulty({ dob: '2026-05-18 23:00:00' })).toEqual([])
  expect(faulty({ dob: '2026-05-19' })).toEqual(['dob'])
})

test('a time of day that a clock change skips is no time of birth, its midnight stands for the day', () => {
  // to 01:00 at midnight
  for (const time of ['', ' 00:00:00', ' 01:00:00', ' 23:59:59'])
    expect(faulty({ dob: `1996-05-25${time}` })).toEqual([])
  for (const time of ['00:00:01', '00:15:00', '00:59:59'])
    expect(faulty({ dob: `1996-05-25 ${time}` })).toEqual(['dob'])
  expect(faulty({ dob: '2026-05-19 23:59:59' })).toEqual(['dob'])
  expect(faulty({ dob: '1850-06-01 10:30:00' })).toEqual([])
})

test('an NIC of somebody born in a year to come is none', () => {
  expect(faulty({ nic: '202600100001' })).toEqual([])
  expect(faulty({ nic: '202700100001' })).toEqual(['nic'])
})

test('every fault is told at once', () => {
  expect(faulty({ name: '?', phone: '1', nic: '2', passport: '3' })).toEqual(['name', 'phone', 'nic', 'passport'])
})

test('what is not told stays, and null clears', () => {
  const { person } = withTold(nobody, { ...jane, nic: '853400937V', title: 'Mrs', foreigner: true }, at)
  expect(withTold(person, { title: 'Dr' }, at).person).toEqual({ ...person, title: 'Dr' })
  expect(withTold(person, { nic: null, foreigner: null }, at).person).toEqual({
    ...person,
    nic: null,
    nicKey: null,
    foreigner: false,
  })
  expect(withTold(person, { nic: null, phone: null }, at).faults).toHaveLength(1)
})
