/** Values that stand for what nobody else may learn. Each is like no other, so that wherever one turns up it is known whose it was. */
export interface Canary {
  /** What it is, and which way it was sent. */
  what: string
  value: string
}

const digits = (count: number) => Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('')
const letters = (count: number) =>
  Array.from({ length: count }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('')

/** A person whose every property is a canary. */
export function aSecretPerson(what: string, calledLike = 'Canary') {
  const surname = letters(12)
  const person = {
    name: `${calledLike} ${surname}`,
    dob: '1990-05-18',
    phone: `077${digits(7)}`,
    // born on day 139 of 1990
    nic: `1990139${digits(5)}`,
    passport: `N${digits(8)}`,
    email: `${letters(10)}@${letters(8)}.example`,
    address: `12 ${letters(14)} Road`,
  }
  const { name: _, dob: __, ...rest } = person
  const canaries = [
    { what: `${what}: name`, value: surname },
    ...Object.entries(rest).map(([property, value]) => ({ what: `${what}: ${property}`, value })),
  ]
  return { person, canaries }
}

/** A text that can be sent wherever a text can. */
export const aSecretWord = (what: string): Canary => ({ what, value: `canary${letters(14)}` })

/** The ways in which a value may be written where it should not be. */
function formsOf(value: string): string[] {
  const bare = value.toLowerCase()
  const forms = [bare, encodeURIComponent(bare), Buffer.from(value).toString('base64').replace(/=+$/, '').toLowerCase()]
  // a phone without its zero, an NIC in its old form, a passport without its letter
  const number = value.replace(/\D/g, '')
  if (number.length >= 8 && !value.includes('@')) forms.push(number.replace(/^(0|19)/, ''))
  return forms
}

/** Which canaries are in the text, in whatever form. */
export function canariesIn(text: string, canaries: readonly Canary[]): string[] {
  const searched = text.toLowerCase()
  return canaries.filter(({ value }) => formsOf(value).some((form) => searched.includes(form))).map(({ what }) => what)
}
