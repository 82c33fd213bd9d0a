/** Canonical request fields by their name on this wire. The client's own fields come first, so each has one. */
const names: Readonly<Record<string, string>> = {
  turns: 'input',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
  maxOutputTokens: 'max_output_tokens',
  'sampling.temperature': 'temperature',
  'sampling.topP': 'top_p',
  'sampling.topLogprobs': 'top_logprobs',
  'sampling.logprobs': 'include',
  // Responses has no such fields; a client may send them all the same.
  'sampling.topK': 'top_k',
  'sampling.seed': 'seed',
  'sampling.presencePenalty': 'presence_penalty',
  'sampling.frequencyPenalty': 'frequency_penalty',
  'sampling.stop': 'stop',
  'sampling.candidates': 'n',
  'sampling.logitBias': 'logit_bias',
  sampling: 'temperature',
  'reasoning.mode': 'reasoning.effort',
  'reasoning.budgetTokens': 'reasoning.effort',
  'reasoning.display': 'reasoning.summary',
  output: 'text.format',
  verbosity: 'text.verbosity',
  user: 'safety_identifier',
  serviceTier: 'service_tier',
  previousResponseId: 'previous_response_id',
  promptCacheKey: 'prompt_cache_key',
  promptCacheOptions: 'prompt_cache_options',
  promptCacheRetention: 'prompt_cache_retention',
  cache: 'prompt_cache_options',
  streamUsage: 'stream_options',
}

/**
 * The wire's own name of a canonical request field, for warnings and refusals. What stands below a renamed field keeps
 * its place (`output.schema` is `text.format.schema`); every other path comes back as it is.
 */
export const fieldPath = (field: string): string => {
  let end = field.length
  while (end > 0) {
    const head = field.slice(0, end)
    const name = Object.hasOwn(names, head) ? names[head] : undefined
    if (name !== undefined) return name + field.slice(end)
    end = Math.max(field.lastIndexOf('.', end - 1), field.lastIndexOf('[', end - 1))
  }
  return field
}
