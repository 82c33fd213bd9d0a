import type { ListedModel, ModelsCodec } from '../protocol.ts'
import type { ModelObject } from './wire.ts'

/** OpenAI lists all models at once: `limit` and `after` are not of this endpoint. */
export const models: ModelsCodec = {
  encodeList: (list) => JSON.stringify({ object: 'list', data: list.map(modelObject) }),
  encodeOne: (model) => JSON.stringify(modelObject(model)),
}

/** `created` is required by the type; 0 where nobody knows it. */
const modelObject = (model: ListedModel): ModelObject => ({
  id: model.id,
  object: 'model',
  created: model.created ?? 0,
  owned_by: model.provider,
})
