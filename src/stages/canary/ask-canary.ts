import { defaultOrganisation } from '../../accounts/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { type GenerateResponse, globTest } from '../../ir/index.ts'
import type { CanaryPrompt, CanaryRun } from '../../ledger/index.ts'
import type { Protocol } from '../../protocols/index.ts'
import type { Provider } from '../../providers/index.ts'
import {
  type AnswerOfParts,
  answerOf,
  type OwnExchange,
  ownExchange,
  readAnswer,
} from '../own-exchange/index.ts'

export interface AskCanaryParts extends AnswerOfParts {
  readonly provider: (id: string) => Pick<Provider, 'kind' | 'speaks'> | undefined
  readonly protocols: Readonly<Record<Protocol['id'], Protocol>>
  readonly catalog: Pick<Catalog, 'capabilities'>
}

/** A signal that ends it is taken for its time limit. */
export type CanaryOutcome = Pick<CanaryRun, 'exchange' | 'at' | 'result' | 'error'>

/**
 * Asks once and judges the answer. Undefined where nothing can be asked: there is no such provider, or it generates
 * nothing. Never throws.
 */
export const askCanary = async (
  parts: AskCanaryParts,
  prompt: CanaryPrompt,
  signal: AbortSignal,
): Promise<CanaryOutcome | undefined> => {
  const exchange = canaryExchange(parts, prompt, signal)
  if (exchange === undefined) return undefined
  const answer = await answerOf(parts, exchange)
  const asked = { exchange: exchange.id, at: exchange.startedAt }
  if ('error' in answer) {
    return { ...asked, result: 'no_answer', error: answer.error === 'aborted' ? 'timeout' : answer.error }
  }
  const response = readAnswer(exchange.protocol, answer.bytes)
  if (response === undefined) return { ...asked, result: 'no_answer', error: 'unreadable' }
  return { ...asked, result: isRight(textOf(response), prompt.expect) ? 'passed' : 'failed', error: null }
}

/** Nobody's: it belongs to no team, user or key, so no client's usage has it. */
const tenant = { organisation: defaultOrganisation, team: null, user: null, key: null }

/** In the provider's own protocol, so that nothing of ours stands between the prompt and the model. */
const canaryExchange = (
  { provider: find, protocols, catalog, now }: AskCanaryParts,
  { provider: id, model, prompt, max_output_tokens: maxOutputTokens }: CanaryPrompt,
  signal: AbortSignal,
): OwnExchange | undefined => {
  const provider = find(id)
  const [best] = provider?.speaks(model, 'generate') ?? []
  if (provider === undefined || best === undefined) return undefined
  const protocol = protocols[best]
  const sent = protocol.generate?.encodeRequest(
    {
      protocol: protocol.id,
      model,
      stream: false,
      turns: [{ role: 'user', form: 'string', parts: [{ type: 'text', text: prompt }] }],
      tools: [],
      sampling: {},
      maxOutputTokens,
      // The others keep nothing unless they are told to, and some of their providers refuse the word.
      ...(protocol.sessions === undefined ? {} : { store: false }),
    },
    {
      model,
      stream: false,
      provider: id,
      capabilities: catalog.capabilities(provider.kind, protocol.id, model),
    },
  )
  const encodedModel = model.split('/').map(encodeURIComponent).join('/')
  const endpoint = protocol.endpoints.find(
    ({ method, path }) => method === 'POST' && path.replace('{model}', encodedModel) === sent?.path,
  )
  if (sent === undefined || endpoint === undefined) return undefined
  return ownExchange({
    kind: 'canary',
    tenant,
    target: { provider: id, model },
    protocol,
    endpoint,
    path: sent.path,
    parameters: endpoint.path.includes('{model}') ? { model } : {},
    query: new URLSearchParams(),
    headers: new Headers({ ...sent.headers, accept: 'application/json', 'accept-encoding': 'identity' }),
    body: Buffer.from(sent.body),
    signal,
    at: now(),
  })
}

const textOf = ({ choices: [choice] }: GenerateResponse): string =>
  (choice?.parts ?? [])
    .map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : ''))
    .join('')
    .trim()

const isRight = (text: string, expect: string | undefined): boolean =>
  expect === undefined ? text !== '' : globTest(expect.trim().toLowerCase())(text.toLowerCase())
