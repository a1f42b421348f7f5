/**
 * Run before the server in its process, it changes the text of the program as the environment variable SPOIL names: a server that
 * breaks a promise, so that a test which looks for that can be seen to find it. The product has no such switch.
 */
import { readFileSync } from 'node:fs'
import { type Change, changes } from './changes'

const change: Change | undefined = changes[process.env.SPOIL as keyof typeof changes]
if (!change) throw new Error('SPOIL names no change')

Bun.plugin({
  name: 'spoil',
  setup(build) {
    for (const file of new Set(change.map(([name]) => name))) {
      build.onLoad({ filter: new RegExp(`/${file.replaceAll('.', '\\.')}$`) }, ({ path }) => {
        let text = readFileSync(path, 'utf8')
        for (const [, from, to] of change.filter(([name]) => name === file)) {
          if (!from.test(text)) throw new Error(`${file} has nothing like ${from}`)
          text = text.replace(from, to)
        }
        return { contents: text, loader: 'ts' }
      })
    }
  },
})

// workers load files by themselves
const Plain = globalThis.Worker
globalThis.Worker = class extends Plain {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, { ...options, preload: import.meta.path })
  }
}
