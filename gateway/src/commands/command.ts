import { startOrExplain } from '@channelling/http'

/** The command was called as it cannot be; exit code 2. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
}

/** The command could not do what was asked; its message is all there is to say; exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

export const say = (line: string) => void process.stdout.write(`${line}\n`)

/** For people only: what a script that reads the output must not meet. */
export const remark = (line: string) => void process.stderr.write(`${line}\n`)

/** Runs a command and ends the process: 0 done, 1 refused or failed, 2 called wrongly; a fault is one line on stderr. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  await startOrExplain(async () => {
    try {
      await command()
    } catch (error) {
      if (error instanceof CommandFailed) return leave(error.message, 1)
      if (error instanceof WrongUsage) return leave(`${error.message} (see --help)`, 2)
      if (isArgumentFault(error)) return leave(`${firstSentence(error.message)} (see --help)`, 2)
      throw error
    }
  })
}

function leave(line: string, code: number): void {
  remark(line)
  process.exitCode = code
}

const isArgumentFault = (error: unknown): error is Error =>
  error instanceof TypeError && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')

const firstSentence = (message: string) => message.split(/\.\s/)[0]
