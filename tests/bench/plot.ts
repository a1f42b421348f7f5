/** A curve: a value for each number of connections. */
export interface Curve {
  name: string
  color: string
  values: readonly number[]
}

/** One of the charts of a picture. */
export interface Chart {
  title: string
  curves: readonly Curve[]
}

const WIDTH = 440
const HEIGHT = 280
const LEFT = 64
const RIGHT = 16
const TOP = 40
const BOTTOM = 64

/** Charts of the same numbers of connections, side by side, as SVG. Connections go by doublings. */
export function plot(connections: readonly number[], charts: readonly Chart[]): string {
  const drawn = charts.map(
    (chart, index) => `<g transform="translate(${index * WIDTH} 0)">${draw(connections, chart)}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH * charts.length} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#444">
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`
}

function draw(connections: readonly number[], { title, curves }: Chart): string {
  const top = roundedUp(Math.max(...curves.flatMap(({ values }) => values)))
  const [first, last] = [Math.log2(connections[0]!), Math.log2(connections.at(-1)!)]
  const x = (count: number) => LEFT + ((Math.log2(count) - first) / (last - first)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM)
  const lines = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(part * top)
    return `<path d="M${LEFT} ${at.toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/><text x="${LEFT - 8}" y="${(at + 4).toFixed(1)}" text-anchor="end">${(part * top).toLocaleString('en')}</text>`
  })
  const marks = connections.map((count) => {
    return `<text x="${x(count).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${count}</text>`
  })
  const drawn = curves.map(({ name, color, values }, index) => {
    const points = values.map((value, at) => `${x(connections[at]!).toFixed(1)},${y(value).toFixed(1)}`)
    const legend = `<rect x="${LEFT + index * 170}" y="${HEIGHT - 22}" width="12" height="12" fill="${color}"/><text x="${LEFT + index * 170 + 18}" y="${HEIGHT - 12}">${name}</text>`
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${legend}`
  })
  const heading = `<text x="${LEFT}" y="20" font-weight="bold">${title}, by connections</text>`
  return [heading, ...lines, ...marks, ...drawn].join('\n')
}

/** The next number that quarters well: 1, 2, 4, 6 or 8 times a power of ten. */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 4, 6, 8, 10].map((times) => times * power).find((round) => round >= value)!
}
