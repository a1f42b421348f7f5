import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Elysia } from 'elysia'

const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

/** What the page is made of; served from here, since a hospital's network may have no way out. */
const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const

const page = (root: string) => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Channelling API</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${root}/docs/swagger-ui.css">
  <link rel="icon" type="image/png" href="${root}/docs/favicon-32x32.png">
</head>
<body>
  <div id="docs"></div>
  <script src="${root}/docs/swagger-ui-bundle.js"></script>
  <script src="${root}/docs/start.js"></script>
</body>
</html>
`

const start = (root: string) => `SwaggerUIBundle({
  url: '${root}/docs/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
})
`

/** What the page may do: nothing but show itself, by its own scripts, and ask this server. Swagger UI writes styles into its elements. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = (type: string) => ({
  'content-type': type,
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
})

export interface DocsOptions {
  /** `''`, or `/channelling`. */
  contextRoot: string
  /** The document at present. */
  document: () => Blob
}

/** The Swagger page at `/docs`, whole without the internet, and the document it shows. */
export function docs({ contextRoot, document }: DocsOptions) {
  // one copy for all who read it, however slowly they do
  const shown = (text: string, type: string) => {
    const bytes = new Blob([text])
    return () => new Response(bytes, { headers: headers(type) })
  }
  const html = shown(page(contextRoot), 'text/html; charset=utf-8')
  const app = new Elysia()
    .get('/docs', html, { detail: { hide: true } })
    .get('/docs/', html, { detail: { hide: true } })
    .get('/docs/start.js', shown(start(contextRoot), 'text/javascript; charset=utf-8'), { detail: { hide: true } })
    .get('/docs/openapi.json', () => new Response(document(), { headers: headers('application/json;charset=utf-8') }), {
      detail: { hide: true },
    })
  for (const [name, type] of Object.entries(assets)) {
    const file = Bun.file(join(folder, name))
    app.get(`/docs/${name}`, () => new Response(file, { headers: headers(type) }), { detail: { hide: true } })
  }
  return app
}
