/** A source without its comments; what is within texts stays as it is. */
export function codeOf(text: string): string {
  return text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*/g,
    (_match, literal: string | undefined) => literal ?? ' ',
  )
}

export interface Import {
  from: string
  /** `*` is the whole module. */
  names: { name: string; as: string }[]
}

/** What a source imports or exports on, types included. */
export function importsOf(code: string): Import[] {
  const named = [...code.matchAll(/\b(?:import|export)\s+(?:type\s+)?([^'"`;()]*?)\s*\bfrom\s*['"]([^'"]+)['"]/g)].map(
    ([, what, from]) => ({ from: from!, names: namesOf(what!) }),
  )
  const bare = [...code.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, from]) => ({ from: from!, names: [] }))
  return [...named, ...bare]
}

function namesOf(what: string): Import['names'] {
  const whole = /\*\s*as\s+(\w+)/.exec(what)
  if (whole) return [{ name: '*', as: whole[1]! }]
  const listed = /\{([^}]*)\}/.exec(what)?.[1] ?? ''
  return listed
    .split(',')
    .map((one) => one.trim().replace(/^type\s+/, ''))
    .filter(Boolean)
    .map((one) => {
      const [name, as] = one.split(/\s+as\s+/)
      return { name: name!, as: as ?? name! }
    })
}
