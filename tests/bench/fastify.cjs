// A proxy as Node has it: checks the key, adds the identity, and passes on. Settings by the environment.
const { createHash, timingSafeEqual } = require('node:crypto')
const fastify = require('fastify')
const proxy = require('@fastify/http-proxy')

const { UPSTREAM, KEY, IDENTITY } = process.env
const known = createHash('sha256').update(KEY).digest()
const app = fastify()
app.register(proxy, {
  upstream: UPSTREAM,
  preHandler(request, reply, done) {
    const given = createHash('sha256')
      .update(request.headers.finance ?? '')
      .digest()
    if (timingSafeEqual(given, known)) done()
    else reply.code(401).send({ status: 'error', code: 401, reason: 'key_unknown' })
  },
  replyOptions: { rewriteRequestHeaders: (_, headers) => ({ ...headers, 'x-channelling-identity': IDENTITY }) },
})
app.listen({ port: 0, host: '127.0.0.1' }).then((address) => console.log(new URL(address).port))
