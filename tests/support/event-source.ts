/** A message of Server-Sent Events. */
export interface Message {
  id: string
  type: string
  // biome-ignore lint/suspicious/noExplicitAny: messages are asserted on, whatever they hold
  data: any
}

/** Reads a stream of Server-Sent Events as browsers do, by the rules that they go by. */
export async function openEventSource(url: string, headers: Record<string, string>) {
  const controller = new AbortController()
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: controller.signal })
  const messages: Message[] = []
  let lastEventId = ''
  let told = () => {}
  let ended = false

  function take(block: string): void {
    let type = 'message'
    const data: string[] = []
    for (const line of block.split('\n')) {
      const [, field, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? []
      if (field === 'id') lastEventId = value!
      if (field === 'event') type = value!
      if (field === 'data') data.push(value!)
    }
    if (data.length > 0) messages.push({ id: lastEventId, type, data: JSON.parse(data.join('\n')) })
  }

  async function read(): Promise<void> {
    let rest = ''
    try {
      for await (const chunk of response.body!.pipeThrough(
        new TextDecoderStream() as never,
      ) as unknown as AsyncIterable<string>) {
        const blocks = (rest + chunk).split('\n\n')
        rest = blocks.pop()!
        blocks.forEach(take)
        told()
      }
    } catch {
      // a server that stops, or who reads no more, breaks it off
    } finally {
      ended = true
      told()
    }
  }
  const reading = response.ok ? read() : Promise.resolve()

  return {
    response,
    messages,
    /** What a browser would send as `Last-Event-ID`. */
    lastEventId: () => lastEventId,
    /** All messages so far, as soon as `found` is satisfied with them or there will be no more. */
    until: (found: (messages: Message[]) => boolean) =>
      new Promise<Message[]>((resolve) => {
        told = () => {
          if (ended || found(messages)) resolve(messages)
        }
        told()
      }),
    async close() {
      controller.abort()
      await reading
    },
  }
}
