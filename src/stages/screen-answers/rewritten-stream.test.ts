import { expect, test } from 'bun:test'
import type { BodyStream, Outcome, SettleHook } from '../../pipeline/index.ts'
import { mappedBlocks } from './mapped-blocks.ts'
import { RewrittenStream } from './rewritten-stream.ts'

const outcome: Outcome = { result: 'success', status: 200, responseBytes: 0 }
const bytes = (text: string) => new TextEncoder().encode(text)

/** Settles with the piece of that number, as a stream does whose head was read before anybody asked for it. */
const stream = (texts: readonly string[], settlesAt: number): BodyStream => {
  const hooks: SettleHook[] = []
  let at = 0
  return {
    async next() {
      if (at === settlesAt) for (const hook of hooks.splice(0)) await hook(outcome)
      const text = texts[at]
      at += 1
      return text === undefined ? undefined : bytes(text)
    },
    cancel: () => undefined,
    onSettle: (hook) => hooks.push(hook),
  }
}

const readAll = async (body: BodyStream): Promise<string> => {
  let text = ''
  for (let piece = await body.next(); piece !== undefined; piece = await body.next())
    text += new TextDecoder().decode(piece)
  return text
}

test.each([0, 1, 2, 3])(
  'what comes behind the outcome is heard as well: settled with piece %d',
  async (settlesAt) => {
    const machine = { push: (block: Uint8Array) => [block], end: () => [bytes(': end\n\n')] }
    const body = new RewrittenStream(
      stream(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'], settlesAt),
      mappedBlocks(machine),
    )
    const settled: string[] = []
    body.onSettle(() => {
      settled.push('outer')
    })
    expect(await readAll(body)).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n: end\n\n')
    expect(settled).toEqual(['outer'])
  },
)
