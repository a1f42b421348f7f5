import { expect, test } from 'bun:test'

/** What a start says that ends with a fault of the operating system. */
function said(fault: { code: string; syscall?: string }): string {
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
  [{ code: 'EMFILE', syscall: 'listen' }, expect.stringContaining('Could not start')],
  [{ code: 'ENOENT', syscall: 'mkdir' }, expect.stringContaining('The data folder cannot be made')],
])('a start that ends with %j says what to set', (fault, line) => {
  expect(said(fault)).toEqual(line)
})
