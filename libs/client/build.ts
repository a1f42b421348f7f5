/** Builds what is published into `dist`, or into the folder named: one module for browsers and servers, and its types. */
import { mkdirSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'

const here = import.meta.dir

/** @throws when it does not compile */
export async function build(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const built = await Bun.build({
    entrypoints: [`${here}/src/index.ts`],
    outdir: folder,
    target: 'browser',
    format: 'esm',
    sourcemap: 'none',
  })
  if (!built.success) throw new AggregateError(built.logs)
  const types = Bun.spawnSync(
    [...[process.execPath, 'x', '--bun', 'tsc', '--project', `${here}/tsconfig.build.json`], ...['--outDir', folder]],
    { cwd: here, stdout: 'inherit', stderr: 'inherit' },
  )
  if (types.exitCode !== 0) throw new Error('The types could not be written')
  // the sources name each other without an ending, which Node's way of finding types does not take
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.d.ts'))) {
    const text = await Bun.file(`${folder}/${name}`).text()
    await Bun.write(`${folder}/${name}`, text.replace(/(from '\.\/[\w-]+)'/g, "$1.js'"))
  }
}

if (import.meta.main) await build(resolve(process.argv[2] ?? `${here}/dist`))
