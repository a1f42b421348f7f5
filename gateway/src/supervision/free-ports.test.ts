import { expect, test } from 'bun:test'
import { claim, freePorts, isFree } from './free-ports'

test('ports are each another, free, and none that the system gives to a connection by itself', async () => {
  const ports = freePorts(200)
  expect(new Set(ports).size).toBe(200)
  expect(ports.every(isFree)).toBe(true)
  // where the system begins to take them from, on Linux
  const [first] = (await Bun.file('/proc/sys/net/ipv4/ip_local_port_range').text()).split(/\s+/).map(Number)
  expect(Math.max(...ports)).toBeLessThan(first!)
})

test('a port that somebody listens on is not free', () => {
  using taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  expect(isFree(taken.port!)).toBe(false)
})

test('a port that was given is given to no other process that asks, for as long as this one lives', async () => {
  /** A process that claims a port, says whether it has it, and stays. */
  const another = async (port: number) => {
    const file = new URL('free-ports.ts', import.meta.url).pathname
    const script = `import { claim } from '${file}'; console.log(claim(${port})); setInterval(() => {}, 1000)`
    const child = Bun.spawn([process.execPath, '-e', script])
    const { value } = await child.stdout.getReader().read()
    return {
      said: new TextDecoder().decode(value).trim(),
      async [Symbol.asyncDispose]() {
        child.kill()
        await child.exited
      },
    }
  }
  const [port] = freePorts(1) as [number]
  {
    await using asks = await another(port)
    expect([claim(port), asks.said]).toEqual([false, 'false'])
    await using has = await another(port + 1)
    expect([has.said, claim(port + 1)]).toEqual(['true', false])
  }
  expect(claim(port + 1)).toBe(true)
})
