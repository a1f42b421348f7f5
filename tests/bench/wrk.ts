import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A load: the same requests, as fast as the connections allow. */
export interface Load {
  url: string
  headers?: Record<string, string>
  /** A body made anew for each request: a Lua expression that gives its text. Makes it a POST. */
  luaBody?: string
  seconds?: number
  /** How long each connection waits before its next request, in ms; without it as fast as it can. */
  pauseMs?: number
  connections?: number
}

export interface Measured {
  /** Answers of 2xx and 3xx. */
  perSecond: number
  p99Ms: number
  /** Of the answer that took longest. */
  longestMs: number
  /** Other answers. */
  refused: number
  /** Requests that got no answer. */
  lost: number
}

/** A request that has no answer by then is lost: later than any server may take. */
const ANSWER_S_MAX = 60

/** Puts a load on a server with wrk, Debian's. */
export async function measure({
  url,
  headers = {},
  luaBody,
  pauseMs,
  seconds = 5,
  connections = 64,
}: Load): Promise<Measured> {
  const script = join(mkdtempSync(join(tmpdir(), 'wrk-')), 'load.lua')
  writeFileSync(
    script,
    `math.randomseed(os.time())
${luaBody ? 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"' : ''}
${luaBody ? `request = function() return wrk.format(nil, nil, nil, ${luaBody}) end` : ''}
${pauseMs ? `delay = function() return math.floor(2 * math.random() * ${pauseMs}) end` : ''}
done = function(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), latency.max, errors.status, lost))
end
`,
  )
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const child = Bun.spawn(
    [
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      `--timeout=${ANSWER_S_MAX}s`,
      '--latency',
      '-s',
      script,
      ...named,
      url,
    ],
    { stdout: 'pipe', stderr: 'inherit' },
  )
  const output = await new Response(child.stdout).text()
  const result = /RESULT (.*)/.exec(output)?.[1]
  if (!result) throw new Error(`wrk did not measure; is it installed? ${output}`)
  const [answers, durationUs, p99Us, longestUs, refused, lost] = result.split(' ').map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    perSecond: (answers - refused) / (durationUs / 1e6),
    p99Ms: p99Us / 1000,
    longestMs: longestUs / 1000,
    refused,
    lost,
  }
}

export const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** The median of several measurements. */
export const middle = (of: Measured[]): Measured => ({
  perSecond: median(of.map(({ perSecond }) => perSecond)),
  p99Ms: median(of.map(({ p99Ms }) => p99Ms)),
  longestMs: Math.max(...of.map(({ longestMs }) => longestMs)),
  refused: of.reduce((sum, { refused }) => sum + refused, 0),
  lost: of.reduce((sum, { lost }) => sum + lost, 0),
})

/** Measures loads in turn, A B A B A B, so that what disturbs the machine disturbs both; medians. */
export async function inTurn<Name extends string>(
  loads: Record<Name, Load>,
  rounds = 3,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(loads) as Name[]
  const seen = Object.fromEntries(names.map((name) => [name, [] as Measured[]])) as Record<Name, Measured[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) seen[name].push(await measure(loads[name]))
  }
  return Object.fromEntries(names.map((name) => [name, middle(seen[name])])) as Record<Name, Measured>
}

/** One line of a table of results. */
export const told = (name: string, { perSecond, p99Ms, refused, lost }: Measured, beside?: Measured): string =>
  [
    name.padEnd(44),
    `${Math.round(perSecond).toLocaleString('en').padStart(9)}/s`,
    `p99 ${p99Ms.toFixed(1).padStart(6)} ms`,
    refused > 0 ? `${refused} refused` : '',
    lost > 0 ? `${lost} without an answer` : '',
    beside ? `ratio ${(perSecond / beside.perSecond).toFixed(3)}` : '',
  ]
    .join('  ')
    .trimEnd()
