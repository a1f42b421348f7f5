/** A process that does fenced work under a lease until it is ended: each time one row of `work`, with its own name and the term. */
import { isLostLease, open, whileLeased } from '@channelling/schema'

const [url, name] = process.argv.slice(2) as [string, string]
const database = await open({ url })
const leased = whileLeased(database, 'tried', async (held) => {
  console.log('works')
  while (held.isHeld()) {
    await database
      .write([
        ...held.fence(),
        {
          sql: "INSERT INTO work (process, term) SELECT ?, term FROM lease WHERE name = 'tried'",
          args: [name],
        },
      ])
      .catch((error) => {
        console.log(isLostLease(error) ? 'fenced off' : 'failed')
      })
    await Bun.sleep(10)
  }
  console.log('rests')
})
process.on('SIGTERM', async () => {
  await leased.close()
  process.exit(0)
})
console.log('ready')
