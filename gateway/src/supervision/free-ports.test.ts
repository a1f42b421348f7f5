import { expect, test } from 'bun:test'
import { freePorts, isFree } from './free-ports'

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
