import type { Kept } from '../store/whole-catalogue'

export interface Counts {
  created: number
  changed: number
  unchanged: number
  /** Retired here, and so left alone. */
  retired: number
}

export interface Difference<Entry> {
  created: Entry[]
  changed: Entry[]
  counts: Counts
}

/** What entries would change. Retired ones stay as they are: an import brings nothing back that somebody retired. */
export function difference<Entry extends object>(
  entries: Entry[],
  kept: Map<string, Kept<Entry>>,
  keyOf: (entry: Entry) => string,
): Difference<Entry> {
  const created: Entry[] = []
  const changed: Entry[] = []
  let retired = 0
  for (const entry of entries) {
    const there = kept.get(keyOf(entry))
    if (!there) created.push(entry)
    else if (there.retired) retired++
    else if (Object.entries(entry).some(([name, value]) => there[name as keyof Entry] !== value)) changed.push(entry)
  }
  const unchanged = entries.length - created.length - changed.length - retired
  return { created, changed, counts: { created: created.length, changed: changed.length, unchanged, retired } }
}
