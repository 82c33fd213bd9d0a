/** Canonical request fields by their name on this wire. */
const names: Readonly<Record<string, string>> = {
  turns: 'messages',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
  maxOutputTokens: 'max_completion_tokens',
  'sampling.temperature': 'temperature',
  'sampling.topP': 'top_p',
  'sampling.topK': 'top_k',
  'sampling.seed': 'seed',
  'sampling.presencePenalty': 'presence_penalty',
  'sampling.frequencyPenalty': 'frequency_penalty',
  'sampling.stop': 'stop',
  'sampling.candidates': 'n',
  'sampling.logprobs': 'logprobs',
  'sampling.topLogprobs': 'top_logprobs',
  'sampling.logitBias': 'logit_bias',
  sampling: 'temperature',
  reasoning: 'reasoning_effort',
  'reasoning.effort': 'reasoning_effort',
  // Dialects' words; OpenAI has the effort alone.
  'reasoning.mode': 'thinking.type',
  'reasoning.budgetTokens': 'reasoning.max_tokens',
  'reasoning.display': 'reasoning_effort',
  output: 'response_format',
  'output.name': 'response_format.json_schema.name',
  'output.description': 'response_format.json_schema.description',
  'output.schema': 'response_format.json_schema.schema',
  'output.strict': 'response_format.json_schema.strict',
  user: 'safety_identifier',
  serviceTier: 'service_tier',
  // Chat Completions has no such fields; a client may send them all the same.
  previousResponseId: 'previous_response_id',
  conversation: 'conversation',
  promptCacheKey: 'prompt_cache_key',
  promptCacheOptions: 'prompt_cache_options',
  promptCacheRetention: 'prompt_cache_retention',
  cache: 'prompt_cache_options',
  streamUsage: 'stream_options.include_usage',
}

/**
 * The wire's own name of a canonical request field, for warnings and refusals. What stands below a renamed field keeps
 * its place (`turns[3].parts[0]` is `messages[3].content[0]`); every other path comes back as it is.
 */
export const fieldPath = (field: string): string => {
  let end = field.length
  while (end > 0) {
    const head = field.slice(0, end)
    const name = Object.hasOwn(names, head) ? names[head] : undefined
    if (name !== undefined) return name + rest(head, field.slice(end))
    end = Math.max(field.lastIndexOf('.', end - 1), field.lastIndexOf('[', end - 1))
  }
  return field
}

const rest = (head: string, tail: string): string =>
  head === 'turns' ? tail.replace('.parts[', '.content[') : tail
