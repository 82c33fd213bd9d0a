import { allows } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Exchange, Handler, Reply } from '../../pipeline/index.ts'
import type { ListedModel } from '../../protocols/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'

export interface ListModelsParts {
  /** Every model that can be named, aliases among them; without duplicates. */
  readonly models: () => readonly ListedModel[]
}

/** `list-models` and `get-model`: what this key may use, in the client's own shape. No upstream is asked. */
export const listModels =
  (parts: ListModelsParts): Handler<Exchange & Authenticated & Recorded> =>
  (exchange) => {
    exchange.stage = 'local'
    const { protocol, identity, incoming, operation } = exchange
    const codec = protocol.models
    if (codec === undefined) {
      throw new GatewayError('gateway_protocol_unsupported', `${protocol.id} has no model list`)
    }
    const usable = parts
      .models()
      .filter((model) => allows(identity, { model: model.id, provider: model.provider }))
      .filter((model) => incoming.pinnedProvider === undefined || model.provider === incoming.pinnedProvider)
    if (operation === 'list-models')
      return Promise.resolve(json(codec.encodeList(usable, incoming.query), exchange.id))
    const wanted = incoming.parameters['model'] ?? ''
    const model = usable.find((one) => one.id === wanted)
    exchange.entry.modelAsked = wanted.slice(0, 200)
    if (model === undefined) {
      throw new GatewayError(
        'gateway_model_unknown',
        `the model \`${wanted.slice(0, 200)}\` does not exist or you do not have access to it`,
      )
    }
    return Promise.resolve(json(codec.encodeOne(model), exchange.id))
  }

const json = (text: string, id: string): Reply => {
  const body = new TextEncoder().encode(text)
  const headers = new Headers({ 'content-type': 'application/json', 'x-tollgate-request-id': id })
  return {
    status: 200,
    headers,
    body,
    outcome: { result: 'success', status: 200, responseBytes: body.byteLength },
  }
}
