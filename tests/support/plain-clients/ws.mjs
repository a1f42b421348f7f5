/** The `ws` package, on Node: Bun has a client of its own under this name. Says who it is, then each frame's kind and bytes. */
import { createRequire } from 'node:module'
import WebSocket from 'ws'

const { version } = createRequire(import.meta.url)('ws/package.json')
const platform = process.versions.bun ? 'bun' : 'node'
const [, , url, key] = process.argv

const socket = new WebSocket(url, { headers: { Finance: key } })
socket.on('open', () => console.log(`ws ${version} on ${platform}`))
socket.on('message', (data, isBinary) => console.log(`${isBinary ? 'binary' : 'text'} ${data.toString('hex')}`))
socket.on('close', () => process.exit(0))
