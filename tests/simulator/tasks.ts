import type { Process } from './scheduler'

/** Something that is due. */
export interface Task {
  at: number
  process: Process
  work: () => void
  order: number
  cancelled: boolean
  done: boolean
}

type Due = Pick<Task, 'at' | 'process' | 'work'>

/** What is due, the next of it first: by its time, and at one time by the order in which it was asked for. */
export function createTasks() {
  const heap: Task[] = []
  let asked = 0
  const before = (a: Task, b: Task) => a.at < b.at || (a.at === b.at && a.order < b.order)

  function rise(from: number): void {
    let place = from
    const task = heap[place]!
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!before(task, heap[above]!)) break
      heap[place] = heap[above]!
      place = above
    }
    heap[place] = task
  }

  function sink(): void {
    let place = 0
    const task = heap[place]!
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below++
      if (!before(heap[below]!, task)) break
      heap[place] = heap[below]!
      place = below
    }
    heap[place] = task
  }

  return {
    /** @param again the task as it was, to be put off in its place */
    add({ at, process, work }: Due, again?: Task): Task {
      const task = again ?? { at, process, work, order: asked++, cancelled: false, done: false }
      task.at = at
      heap.push(task)
      rise(heap.length - 1)
      return task
    },
    next(): Task | undefined {
      const [first] = heap
      const last = heap.pop()
      if (first && last && first !== last) {
        heap[0] = last
        sink()
      }
      return first
    },
  }
}
