/** What a scripted model says in one answer. */
export interface ScriptedAnswer {
  /** Makes ids; different in each answer of a conversation. */
  readonly id: string
  readonly thought?: string
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly input: string }[]
}

const pieces = (text: string, length = 9): readonly string[] =>
  text.match(new RegExp(`.{1,${length}}`, 'gsu')) ?? []

const sse = (events: readonly object[], named: boolean, end = ''): Response => {
  const frames = events.map((event) => {
    const type = 'type' in event && named ? `event: ${String(event.type)}\n` : ''
    return `${type}data: ${JSON.stringify(event)}\n\n`
  })
  return new Response(frames.join('') + end, { headers: { 'content-type': 'text/event-stream' } })
}

/** @param usage in words of the protocol; without it some small numbers */
export const chatAnswer = (
  { id, thought, text, calls }: ScriptedAnswer,
  model: string,
  usage: object = { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
): Response => {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: `chatcmpl-${id}`,
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  return sse(
    [
      chunk({ role: 'assistant', content: '' }),
      ...pieces(thought ?? '').map((piece) => chunk({ reasoning_content: piece })),
      ...pieces(text).map((piece) => chunk({ content: piece })),
      ...calls.flatMap(({ name, input }, index) => [
        chunk({
          tool_calls: [
            { index, id: `call_${id}_${index}`, type: 'function', function: { name, arguments: '' } },
          ],
        }),
        ...pieces(input).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ]),
      chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
      {
        ...chunk({}),
        choices: [],
        usage,
      },
    ],
    false,
    'data: [DONE]\n\n',
  )
}

export const responsesAnswer = (
  { id, thought, text, calls }: ScriptedAnswer,
  model: string,
  usage: object = { input_tokens: 9, output_tokens: 9, total_tokens: 18 },
): Response => {
  const events: object[] = []
  const output: object[] = []
  const say = (type: string, rest: object) => events.push({ type, sequence_number: events.length, ...rest })
  const response = (status: string, rest: object = {}) => ({
    response: { id: `resp_${id}`, object: 'response', created_at: 1, status, model, output: [], ...rest },
  })
  const done = (item: object) => {
    say('response.output_item.done', { output_index: output.length, item })
    output.push(item)
  }
  say('response.created', response('in_progress'))
  if (thought !== undefined) {
    const at = { item_id: `rs_${id}`, output_index: output.length, summary_index: 0 }
    const item = { id: `rs_${id}`, type: 'reasoning', encrypted_content: `gAAAAfake-${id}` }
    const part = { type: 'summary_text', text: thought }
    say('response.output_item.added', { output_index: output.length, item: { ...item, summary: [] } })
    say('response.reasoning_summary_part.added', { ...at, part: { ...part, text: '' } })
    for (const delta of pieces(thought)) say('response.reasoning_summary_text.delta', { ...at, delta })
    say('response.reasoning_summary_text.done', { ...at, text: thought })
    say('response.reasoning_summary_part.done', { ...at, part })
    done({ ...item, summary: [part] })
  }
  if (text !== '') {
    const at = { item_id: `msg_${id}`, output_index: output.length, content_index: 0 }
    const item = { id: `msg_${id}`, type: 'message', role: 'assistant' }
    const part = { type: 'output_text', annotations: [], text }
    const open = { ...item, status: 'in_progress', content: [] }
    say('response.output_item.added', { output_index: output.length, item: open })
    say('response.content_part.added', { ...at, part: { ...part, text: '' } })
    for (const delta of pieces(text)) say('response.output_text.delta', { ...at, delta })
    say('response.output_text.done', { ...at, text })
    say('response.content_part.done', { ...at, part })
    done({ ...item, status: 'completed', content: [part] })
  }
  calls.forEach(({ name, input }, index) => {
    const at = { item_id: `fc_${id}${index}`, output_index: output.length }
    const item = { id: at.item_id, type: 'function_call', call_id: `call_${id}_${index}`, name }
    const open = { ...item, status: 'in_progress', arguments: '' }
    say('response.output_item.added', { output_index: output.length, item: open })
    for (const delta of pieces(input)) say('response.function_call_arguments.delta', { ...at, delta })
    say('response.function_call_arguments.done', { ...at, arguments: input })
    done({ ...item, status: 'completed', arguments: input })
  })
  say('response.completed', response('completed', { output, usage }))
  return sse(events, true)
}

/** The signature is of the thought: a test can tell whether both came back as they were. */
export const signatureOf = (thought: string): string => Buffer.from(`signed ${thought}`).toString('base64')

export const messagesAnswer = (
  { id, thought, text, calls }: ScriptedAnswer,
  model: string,
  usage: object = { input_tokens: 9, output_tokens: 1 },
): Response => {
  const events: object[] = []
  let index = 0
  const block = (content_block: object, deltas: readonly object[]) => {
    events.push({ type: 'content_block_start', index, content_block })
    for (const delta of deltas) events.push({ type: 'content_block_delta', index, delta })
    events.push({ type: 'content_block_stop', index })
    index++
  }
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [] }
  const open = { ...message, stop_reason: null, stop_sequence: null, usage }
  events.push({ type: 'message_start', message: open })
  if (thought !== undefined) {
    block({ type: 'thinking', thinking: '', signature: '' }, [
      ...pieces(thought).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: signatureOf(thought) },
    ])
  }
  if (text !== '') {
    block(
      { type: 'text', text: '' },
      pieces(text).map((piece) => ({ type: 'text_delta', text: piece })),
    )
  }
  calls.forEach(({ name, input }, call) => {
    block(
      { type: 'tool_use', id: `toolu_${id}_${call}`, name, input: {} },
      pieces(input).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    )
  })
  events.push({
    type: 'message_delta',
    delta: { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null },
    usage: { output_tokens: 9 },
  })
  events.push({ type: 'message_stop' })
  return sse(events, true)
}
