import { Glob } from 'bun'

const root = new URL('../../', import.meta.url).pathname

/** A source file of the product. */
export interface Source {
  /** From the root of the repository. */
  path: string
  text: string
}

/** The files that match one of the patterns, tests and their helpers left out. */
export async function sourcesOf(...patterns: string[]): Promise<Source[]> {
  const found = patterns.flatMap((pattern) => [...new Glob(pattern).scanSync({ cwd: root })])
  const paths = found.filter((path) => !/\.test\.ts$|\/testing\.ts$|node_modules/.test(path)).sort()
  return Promise.all(paths.map(async (path) => ({ path, text: await Bun.file(`${root}${path}`).text() })))
}
