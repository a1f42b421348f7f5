/** What was answered to a request. */
export interface Reply {
  status: number
  headers: Headers
  /** The body as it came. */
  text: string
  /** What the body says. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted on, whatever they hold
  body: any
}

/** Reads an answer to its end; what is not JSON stays a text. */
export async function replyOf(response: Response): Promise<Reply> {
  const { status, headers } = response
  const text = await response.text()
  return { status, headers, text, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // a page, or nothing
    return text
  }
}
