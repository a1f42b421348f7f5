import { expect, test } from 'bun:test'

/** What a start says that ends with a fault of the operating system. */
function said(fault: { code: string; syscall?: string; path?: string }): string {
  const start = `import { startOrExplain } from '${import.meta.dir}/server'
    await startOrExplain(async () => { throw Object.assign(new Error('a fault'), ${JSON.stringify(fault)}) })`
  return Bun.spawnSync([process.execPath, '-e', start]).stderr.toString()
}

const NO_ADDRESS = 'HOST is no address of this machine: set it to one, or to 0.0.0.0 for all of them\n'

// for a name that nobody knows the runtime tells whatever the fault before was, that of a missing file say
test.each([
  [{ code: 'ENOENT', syscall: 'listen' }, NO_ADDRESS],
  [{ code: 'EEXIST', syscall: 'listen' }, NO_ADDRESS],
  [{ code: 'EAGAIN', syscall: 'listen' }, NO_ADDRESS],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, NO_ADDRESS],
  [{ code: 'EADDRINUSE', syscall: 'listen' }, expect.stringContaining('is taken')],
  [{ code: 'EACCES', syscall: 'listen' }, expect.stringContaining('a port below 1024')],
  // in one line, by class, code and place: the message may hold values
  [{ code: 'EMFILE', syscall: 'listen' }, expect.stringMatching(/^Could not start: Error EMFILE at .+:\d+:\d+\)?\n$/)],
  [{ code: 'ENOENT', syscall: 'mkdir' }, expect.stringContaining('The data folder cannot be made')],
  [
    { code: 'ENOENT', syscall: 'mkdir', path: '/proc/a' },
    'The data folder cannot be made: set DATA_DIR to one that can (/proc/a)\n',
  ],
  [
    { code: 'EACCES', syscall: 'open', path: '/nas/a.db' },
    'No permission for /nas/a.db: let the user that this runs as use it, or name another\n',
  ],
  [{ code: 'ENOTDIR', syscall: 'stat', path: '/a/b' }, '/a/b is in what is no folder: name another\n'],
])('a start that ends with %j says what to set', (fault, line) => {
  expect(said(fault)).toEqual(line)
})

test('a fault that says by its cause what it means is told so, in one line', () => {
  const start = `import { Refusal } from '@channelling/contract'
    import { startOrExplain } from './server'
    const cause = new Refusal('service_unavailable', 'The database does not answer')
    await startOrExplain(async () => { throw new Error('a fault', { cause }) })`
  const { stderr, exitCode } = Bun.spawnSync([process.execPath, '-e', start], { cwd: import.meta.dir })
  expect([stderr.toString(), exitCode]).toEqual(['The database does not answer\n', 1])
})
