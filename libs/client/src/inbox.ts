/** Things handled one after the other, in order, each only after the one before. */
export interface Inbox<Item> {
  /** Handed over at once if nothing waits and the handler does not make it wait. */
  add(item: Item): void
  readonly full: boolean
  /** Resolves when nothing is waiting or being handled. */
  idle(): Promise<void>
  /** Forgets what waits. */
  clear(): void
}

/** Items that were handled and are not yet let go of. */
const KEPT_MAX = 1000

/**
 * @param handle when it fails, what waits is forgotten
 * @param max how many may wait before the inbox is full
 */
export function createInbox<Item>(
  handle: (item: Item) => void | Promise<void>,
  onFault: (error: unknown) => void,
  max: number,
): Inbox<Item> {
  let waiting: Item[] = []
  let next = 0
  let working: Promise<void> | null = null

  function take(): Item {
    const item = waiting[next++]!
    if (next < KEPT_MAX) return item
    waiting = waiting.slice(next)
    next = 0
    return item
  }

  /** Does without a pause what needs none, so that a handler that returns at once never lets anything wait. */
  async function work(): Promise<void> {
    try {
      while (next < waiting.length) {
        const handled = handle(take())
        if (handled) await handled
      }
    } catch (error) {
      onFault(error)
    }
    waiting = []
    next = 0
    working = null
  }

  return {
    add(item) {
      waiting.push(item)
      if (working) return
      // work() sets it back to null, maybe before it returns
      let worked = () => {}
      working = new Promise((resolve) => {
        worked = resolve
      })
      void work().then(worked)
    },
    get full() {
      return waiting.length - next >= max
    },
    async idle() {
      while (working) await working
    },
    clear() {
      waiting = []
      next = 0
    },
  }
}
