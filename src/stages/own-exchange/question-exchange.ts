import type { Catalog } from '../../catalog/index.ts'
import type { Turn } from '../../ir/index.ts'
import type { Protocol } from '../../protocols/index.ts'
import type { Provider } from '../../providers/index.ts'
import { type OwnExchange, type OwnRequest, ownExchange } from './own-exchange.ts'

export interface QuestionParts {
  readonly provider: (id: string) => Pick<Provider, 'kind' | 'speaks'> | undefined
  readonly protocols: Readonly<Record<Protocol['id'], Protocol>>
  readonly catalog: Pick<Catalog, 'capabilities'>
  readonly now: () => number
}

/** One question to a model, answered whole. */
export interface Question extends Pick<OwnRequest, 'kind' | 'tenant' | 'target' | 'signal'> {
  readonly system?: string
  readonly prompt: string
  readonly maxOutputTokens: number
  readonly temperature?: number
}

/**
 * In the provider's own protocol, so that nothing of ours stands between the prompt and the model. Undefined where there
 * is no such provider, or it generates nothing.
 */
export const questionExchange = (
  { provider: find, protocols, catalog, now }: QuestionParts,
  { system, prompt, maxOutputTokens, temperature, ...own }: Question,
): OwnExchange | undefined => {
  const { provider: id, model } = own.target
  const provider = find(id)
  const [best] = provider?.speaks(model, 'generate') ?? []
  if (provider === undefined || best === undefined) return undefined
  const protocol = protocols[best]
  const sent = protocol.generate?.encodeRequest(
    {
      protocol: protocol.id,
      model,
      stream: false,
      turns: [...(system === undefined ? [] : [systemTurn(system)]), userTurn(prompt)],
      tools: [],
      sampling: temperature === undefined ? {} : { temperature },
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
    ...own,
    protocol,
    endpoint,
    path: sent.path,
    parameters: endpoint.path.includes('{model}') ? { model } : {},
    query: new URLSearchParams(),
    headers: new Headers({ ...sent.headers, accept: 'application/json', 'accept-encoding': 'identity' }),
    body: Buffer.from(sent.body),
    at: now(),
  })
}

const systemTurn = (text: string): Turn => ({
  role: 'system',
  placement: 'preamble',
  form: 'string',
  parts: [{ type: 'text', text }],
})

const userTurn = (text: string): Turn => ({ role: 'user', form: 'string', parts: [{ type: 'text', text }] })
