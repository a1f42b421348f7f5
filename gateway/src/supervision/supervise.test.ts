import { expect, test } from 'bun:test'
import { supervise, type Task } from './supervise'

/** Runs a task, and keeps what is said of it. */
function watched(task: Omit<Task, 'environment' | 'isReady'>) {
  const lines: string[] = []
  const remarks: { text: string; at: number }[] = []
  const supervised = supervise(
    { ...task, environment: { PATH: process.env.PATH }, isReady: async () => true },
    {
      line: async (text) => void lines.push(text),
      remark: (text) => void remarks.push({ text, at: performance.now() }),
    },
  )
  const until = async (enough: () => boolean) => {
    const deadline = performance.now() + 20_000
    while (!enough() && performance.now() < deadline) await Bun.sleep(10)
  }
  return { supervised, lines, remarks, until }
}

test('one that keeps dying rests longer each time before it is started again, and is never given up', async () => {
  const { supervised, remarks, until } = watched({ name: 'short-lived', command: ['sh', '-c', 'sleep 0.1; exit 3'] })
  const ends = () => remarks.filter(({ text }) => text.includes('ended'))
  await until(() => ends().length >= 4)
  await supervised.stop()
  expect(
    ends()
      .slice(0, 4)
      .map(({ text }) => text),
  ).toEqual([0.25, 0.5, 1, 2].map((rest) => `short-lived ended with code 3; it is started again in ${rest} s`))
  const [first, second, third, fourth] = ends().map(({ at }) => at)
  // what is said is what is done
  expect(second! - first!).toBeGreaterThan(250)
  expect(third! - second!).toBeGreaterThan(500)
  expect(fourth! - third!).toBeGreaterThan(1000)
}, 30_000)

test('what a process writes, on either output, is passed on line by line under its name, but for what it need not tell', async () => {
  const { supervised, lines, until } = watched({
    name: 'talker-2',
    command: ['sh', '-c', 'echo one; echo noise; printf "two\\nthr"; sleep 0.1; echo ee; echo four >&2; exec sleep 30'],
    tells: (text) => text !== 'noise',
  })
  await until(() => lines.length >= 4)
  await supervised.stop()
  expect(lines.toSorted()).toEqual(['talker-2 | four', 'talker-2 | one', 'talker-2 | three', 'talker-2 | two'])
}, 30_000)

test('one that rests while it is told to end is not started again', async () => {
  const { supervised, remarks, until } = watched({ name: 'resting', command: ['sh', '-c', 'sleep 0.1'] })
  await until(() => remarks.length > 0)
  await supervised.stop()
  await Bun.sleep(400)
  expect(remarks.map(({ text }) => text)).toEqual(['resting ended with code 0; it is started again in 0.25 s'])
}, 30_000)
