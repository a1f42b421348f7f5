/**
 * Run before a process that serves the catalogue: its list of specialities comes from memory instead of the database, so that what
 * stands in front of the service is measured, and not the reading.
 */
import { readFileSync } from 'node:fs'

const reading = 'await findSpecialities(database, query, { page, size })'
const rows = [{ id: 1, name: 'Cardiology', code: 'CARD', description: 'Heart and vessels' }]

Bun.plugin({
  name: 'light',
  setup(build) {
    build.onLoad({ filter: /\/catalogue\/src\/endpoints\/list-specialities\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes(reading)) throw new Error('The list of specialities is read in another way')
      return { contents: text.replace(reading, JSON.stringify({ rows, total: rows.length })), loader: 'ts' }
    })
  },
})
