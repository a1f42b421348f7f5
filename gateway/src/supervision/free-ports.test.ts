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
  const [port] = freePorts(1)
  const ask = `import { claim } from '${new URL('free-ports.ts', import.meta.url).pathname}'; console.log(claim(${port}))`
  const other = () => Bun.spawn([process.execPath, '-e', ask])
  expect([claim(port!), await new Response(other().stdout).text()]).toEqual([false, 'false\n'])
  const claimant = Bun.spawn([
    process.execPath,
    '-e',
    `${ask}; setInterval(() => {}, 1000)`.replaceAll(String(port), String(port! + 1)),
  ])
  const { value } = await claimant.stdout.getReader().read()
  expect([new TextDecoder().decode(value), claim(port! + 1)]).toEqual(['true\n', false])
  claimant.kill()
  await claimant.exited
  expect(claim(port! + 1)).toBe(true)
})
