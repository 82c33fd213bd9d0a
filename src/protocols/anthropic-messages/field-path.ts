/** Canonical request fields whose name on this wire is another one. */
const names: Readonly<Record<string, string>> = {
  maxOutputTokens: 'max_tokens',
  sampling: 'temperature',
  'sampling.temperature': 'temperature',
  'sampling.topP': 'top_p',
  'sampling.topK': 'top_k',
  'sampling.stop': 'stop_sequences',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
  reasoning: 'thinking',
  'reasoning.mode': 'thinking.type',
  'reasoning.budgetTokens': 'thinking.budget_tokens',
  'reasoning.effort': 'output_config.effort',
  output: 'output_config.format',
  user: 'metadata.user_id',
  serviceTier: 'service_tier',
  previousResponseId: 'thread.previous_message_id',
  cache: 'cache_control',
  turns: 'messages',
}

/**
 * The wire's own name of a canonical request field, for warnings and refusals. What stands below a renamed field keeps
 * its place (`turns[3]` is `messages.3`); a path that is the wire's already comes back as it is.
 */
export const fieldPath = (field: string): string => {
  for (let end = field.length; end > 0; end = lastStep(field, end)) {
    const head = field.slice(0, end)
    const name = Object.hasOwn(names, head) ? names[head] : undefined
    if (name !== undefined) return name + dotted(field.slice(end))
  }
  return dotted(field)
}

const lastStep = (path: string, end: number): number =>
  Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1))

const dotted = (path: string): string => path.replace(/\[(\d+)\]/g, '.$1')
