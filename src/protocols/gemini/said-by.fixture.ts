import type { Part } from '../../ir/index.ts'
import { wireName } from './encode-calls.ts'
import { argsOf } from './json-text.ts'

/** What parts say, whatever parts they are cut into: for comparing one answer with another. */
export interface Said {
  readonly content: readonly (readonly [kind: string, ...words: (string | undefined)[]])[]
  /** Opaque states, in order. */
  readonly states: readonly string[]
}

export const saidBy = (parts: readonly Part[]): Said => {
  const content: [string, ...(string | undefined)[]][] = []
  const states: string[] = []
  const say = (kind: 'text' | 'thoughts', text: string): void => {
    const last = content.at(-1)
    if (text === '') return
    if (last?.[0] === kind) last[1] = `${last[1]}${text}`
    else content.push([kind, text])
  }
  for (const part of parts) {
    // A block without a canonical word goes, and what it carried goes with it.
    if (part.state !== undefined && part.type !== 'opaque') states.push(part.state.value)
    switch (part.type) {
      case 'text':
      case 'refusal':
        say('text', part.text.toWellFormed())
        break
      case 'reasoning':
        say(
          'thoughts',
          part.pieces
            .map((piece) => piece.text)
            .join('\n\n')
            .toWellFormed(),
        )
        break
      case 'tool-call':
        content.push([
          'call',
          part.id,
          wireName(part),
          part.kind === 'custom' ? JSON.stringify({ input: part.input }) : argsOf(part.input).text,
        ])
        break
      case 'image':
        content.push(['image', part.source.type === 'base64' ? part.source.data : ''])
        break
      default:
        break
    }
  }
  return { content, states }
}
