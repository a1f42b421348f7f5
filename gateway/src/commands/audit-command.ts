import { remark, say } from './command'
import type { KeysCommand } from './keys-command'
import { momentOf, pagingOf } from './options'
import { table } from './table'

/** What was done to keys and clients, a page at a time. */
export const auditCommand: KeysCommand = {
  takes: ['from', 'to', 'page', 'size'],
  async run({ records, given, calendar }) {
    const range = { from: momentOf('from', given.from, calendar), to: momentOf('to', given.to, calendar) }
    const { page, size } = pagingOf(given)
    const { acts, total } = await records.audit({ ...range, page, size })
    const rows = acts.map(({ id, at, clientId, keyId, action, subject, origin }) => [
      String(id),
      at,
      clientId === null ? '' : String(clientId),
      keyId === null ? '' : String(keyId),
      action,
      subject,
      origin,
    ])
    say(table(['id', 'at', 'client', 'key', 'action', 'subject', 'origin'], rows))
    const before = page * size
    if (before + acts.length < total && acts.length > 0) {
      remark(`Acts ${before + 1} to ${before + acts.length} of ${total}; --page ${page + 1} has the next`)
    }
  },
}
