import { createHash } from 'node:crypto'
import type { GenerateRequest, OutputFormat } from '../../ir/index.ts'
import type { TargetContext } from '../protocol.ts'
import type { LossReporter } from './losses.ts'
import { refuse } from './refuse.ts'
import { tierOf } from './service-tier.ts'

/** Longer names of end users are refused. */
const longestUser = 128

/**
 * The settings of another protocol's request, so that this protocol's words say them; turns stay as they are, but what
 * they bring later holds for the whole request.
 * @throws GatewayError `gateway_translation_unsupported` for state at another provider
 */
export const adoptSettings = (
  request: GenerateRequest,
  target: TargetContext,
  losses: LossReporter,
): GenerateRequest => {
  refuseState(request)
  const { user, serviceTier, promptCacheKey, store, output, ...rest } = withLaterSettings(request, losses)
  const tier = serviceTier === undefined ? undefined : tierOf(serviceTier)
  if (serviceTier !== undefined && tier === undefined) {
    losses.dropped('service tier', 'serviceTier', 'no counterpart')
  }
  noteLosses(rest, losses)
  noteToolLosses(rest, losses)
  return {
    ...rest,
    sampling: withLogprobs(rest.sampling),
    ...(user === undefined ? {} : { user: shortUser(user) }),
    ...(tier === undefined ? {} : { serviceTier: tier }),
    ...(promptCacheKey === undefined || target.capabilities?.cacheKey === false ? {} : { promptCacheKey }),
    // False is the default here, and many backends do not know the field.
    ...(store === true ? { store } : {}),
    ...(output === undefined ? {} : { output: namedOutput(output, losses) }),
  }
}

/** Tools are added to the list, and the last settings hold. Another protocol's turns alone have such things. */
const withLaterSettings = (request: GenerateRequest, losses: LossReporter): GenerateRequest => {
  const tools = [...request.tools]
  let { reasoning, output } = request
  request.turns.forEach((turn, index) => {
    if (turn.reasoning !== undefined) reasoning = { ...reasoning, ...turn.reasoning }
    output = turn.output ?? output
    if (turn.tools === undefined) return
    losses.approximated('tools added later', turn.at ?? `turns[${index}].tools`, 'offered from the start')
    for (const tool of turn.tools) {
      const known = tools.findIndex((one) => one.type === tool.type && one.name === tool.name)
      if (known < 0) tools.push(tool)
      else tools[known] = tool
    }
  })
  return {
    ...request,
    tools,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(output === undefined ? {} : { output }),
  }
}

/** Ids name state at another provider, and a job has a place of its own to be fetched from. */
const refuseState = ({ previousResponseId, conversation, background }: GenerateRequest): void => {
  if (previousResponseId !== undefined) refuse('previousResponseId', 'an earlier answer by its id')
  if (conversation !== undefined) refuse('conversation', 'a conversation by its id')
  if (background === true) refuse('background', 'an answer in the background')
}

/** Hashed, never cut: cutting would make one user of several. */
const shortUser = (user: string): string =>
  user.length <= longestUser ? user : createHash('sha256').update(user).digest('hex')

/** How many is refused without whether. */
const withLogprobs = (sampling: GenerateRequest['sampling']): GenerateRequest['sampling'] =>
  sampling.topLogprobs === undefined || sampling.logprobs !== undefined
    ? sampling
    : { ...sampling, logprobs: true }

/** A schema needs a name here, of letters that are taken. */
const namedOutput = (output: OutputFormat, losses: LossReporter): OutputFormat => {
  if (output.type === 'enum') {
    losses.approximated('enum output', output.at ?? 'output', 'the value comes inside of an object')
    const schema = `{"type":"object","properties":{"value":${output.schema ?? '{"type":"string"}'}},"required":["value"],"additionalProperties":false}`
    return { ...output, type: 'json-schema', schema }
  }
  const { name } = output
  if (name === undefined || /^[A-Za-z0-9_-]{1,64}$/.test(name)) return output
  return { ...output, name: name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'response' }
}

const noteToolLosses = ({ tools }: GenerateRequest, losses: LossReporter): void => {
  tools.forEach((tool, index) => {
    if (tool.type !== 'function') return
    const at = tool.at ?? `tools[${index}]`
    if (tool.outputSchema !== undefined) losses.dropped('result schema', at, 'no counterpart')
    if (tool.nonBlocking === true)
      losses.approximated('non-blocking tool', at, 'the model waits for its answer')
  })
}

const noteLosses = ({ sampling, reasoning }: GenerateRequest, losses: LossReporter): void => {
  if (sampling.topK !== undefined) losses.dropped('top_k', 'sampling.topK', 'no counterpart')
  const hasBudget = reasoning?.budgetTokens !== undefined && reasoning.budgetTokens > 0
  if (hasBudget && reasoning.effort === undefined && reasoning.mode !== 'disabled') {
    losses.approximated('reasoning budget', 'reasoning.budgetTokens', 'expressed as an effort')
  }
}
