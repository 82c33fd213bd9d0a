/** Canonical request fields whose name on this wire is another one. */
const names: Readonly<Record<string, string>> = {
  turns: 'contents',
  toolChoice: 'toolConfig.functionCallingConfig',
  maxOutputTokens: 'generationConfig.maxOutputTokens',
  sampling: 'generationConfig',
  'sampling.stop': 'generationConfig.stopSequences',
  'sampling.candidates': 'generationConfig.candidateCount',
  'sampling.logprobs': 'generationConfig.responseLogprobs',
  'sampling.topLogprobs': 'generationConfig.logprobs',
  reasoning: 'generationConfig.thinkingConfig',
  'reasoning.mode': 'generationConfig.thinkingConfig.thinkingBudget',
  'reasoning.budgetTokens': 'generationConfig.thinkingConfig.thinkingBudget',
  'reasoning.effort': 'generationConfig.thinkingConfig.thinkingLevel',
  'reasoning.display': 'generationConfig.thinkingConfig.includeThoughts',
  output: 'generationConfig.responseMimeType',
  'output.schema': 'generationConfig.responseJsonSchema',
}

/**
 * The wire's own name of a canonical request field, for warnings and refusals. What stands below a renamed field keeps
 * its place (`sampling.topK` is `generationConfig.topK`); every other path comes back as it is.
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
