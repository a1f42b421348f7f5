/** What a fan-out costs that does nothing else: a bare `Bun.serve`, in a process of its own. What is POSTed goes to every socket. */
const listener = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request, server) {
    if (server.upgrade(request)) return
    server.publish('everybody', await request.text())
    return new Response(null, { status: 202 })
  },
  websocket: {
    open(socket) {
      socket.subscribe('everybody')
    },
    message() {},
  },
})
console.log(listener.port)
