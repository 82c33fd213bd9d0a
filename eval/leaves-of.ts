import type { Leaf } from '../src/ir/index.ts'
import { protocols } from '../src/protocols/index.ts'

/** Texts of a recorded request, by the protocol that its path names; undefined for a request without texts. */
export const leavesOf = (url: string, body: Uint8Array): readonly Leaf[] | undefined => {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const protocol = pathname.includes(':')
    ? protocols.gemini
    : pathname.includes('/messages')
      ? protocols['anthropic-messages']
      : pathname.includes('/responses')
        ? protocols['openai-responses']
        : pathname.includes('/embeddings')
          ? protocols['openai-embeddings']
          : pathname.includes('/chat/completions')
            ? protocols['openai-chat']
            : undefined
  return protocol?.generate?.leaves({
    method: 'POST',
    path: pathname,
    parameters: {},
    query: searchParams,
    headers: new Headers(),
    body,
  })
}
