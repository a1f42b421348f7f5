/**
 * What a server costs that does nothing: a bare `Bun.serve`, in a process of its own. GET answers the JSON that `BODY` holds, made
 * text anew each time; POST parses the request's JSON and answers with it inside the same JSON.
 */
const answer = JSON.parse(process.env.BODY ?? '{}')

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    if (request.method === 'POST') return Response.json({ ...answer, asked: await request.json() }, { status: 201 })
    return Response.json(answer)
  },
})
console.log(server.port)

export {}
