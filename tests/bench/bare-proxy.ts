/** The least that a proxy on Bun costs: `fetch`, its answer passed on, and nothing checked. */
const { UPSTREAM, IDENTITY } = process.env as { UPSTREAM: string; IDENTITY: string }

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: ({ url }) =>
    fetch(`${UPSTREAM}${new URL(url).pathname}`, {
      headers: { 'X-Channelling-Identity': IDENTITY },
      redirect: 'manual',
      decompress: false,
    }),
})
console.log(server.port)

export {}
