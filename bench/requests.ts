/** The requests of the bench as raw HTTP. */
const chat = (content: string, stream: boolean): string =>
  JSON.stringify({
    model: 'gpt-5.1',
    messages: [{ role: 'user', content }],
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  })

/** About 100 KB as agents send it: text with line ends and quotes, tools, a history. */
const agentBody = (): string =>
  JSON.stringify({
    model: 'gpt-5.1',
    messages: Array.from({ length: 40 }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `line "${index}" of a file\n\tconst x = [1, 2, 3]\n`.repeat(44),
    })),
    tools: Array.from({ length: 16 }, (_, index) => ({
      type: 'function',
      function: {
        name: `tool_${index}`,
        description: 'does a thing. '.repeat(40),
        parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      },
    })),
  })

export const requestFor = (key: string, kind: 'small' | 'large' | 'stream' | 'slow'): Buffer => {
  const body = kind === 'large' ? agentBody() : chat('hello', kind !== 'small')
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    'user-agent: bench',
    `authorization: Bearer ${key}`,
    ...(kind === 'stream' || kind === 'slow' ? [`x-bench: ${kind}`] : []),
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
