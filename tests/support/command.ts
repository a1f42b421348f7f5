import { join } from 'node:path'

export type CommandName = 'keys' | 'import' | 'backup' | 'restore' | 'db'

export interface Ran {
  code: number
  out: string
  err: string
}

export const commandPath = (name: CommandName): string =>
  join(import.meta.dir, '../../gateway/src/commands', `${name}.ts`)

const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text()

/** Runs a command the way an operator does, in an environment of its own. */
export async function command(name: CommandName, args: string[], environment: Record<string, string>): Promise<Ran> {
  const child = Bun.spawn([process.execPath, commandPath(name), ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), child.exited])
  return { code, out: out.trim(), err: err.trim() }
}
