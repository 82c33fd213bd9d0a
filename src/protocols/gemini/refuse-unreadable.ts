import { GatewayError } from '../../errors.ts'
import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import { readObject } from './read-object.ts'

/** `function` is the role of results in older clients. */
const roles: ReadonlySet<unknown> = new Set([undefined, 'user', 'model', 'function'])

/**
 * Refuses what the vendor refuses, where nobody behind us will: unknown roles, and an answer with two schemas.
 * @throws GatewayError `gateway_request_invalid`
 */
export const refuseUnreadable = (root: JsonObject): void => {
  const reader = readObject(root)
  const contents = reader.list('contents') ?? []
  contents.forEach((content, index) => {
    if (!isJsonObject(content) || roles.has(content['role'])) return
    throw invalid(`contents[${index}].role`, 'please use a valid role: user, model')
  })
  const config = readObject(reader.object('generationConfig') ?? {})
  if (config.take('responseSchema') === undefined || config.take('responseJsonSchema') === undefined) return
  throw invalid(
    'generationConfig.responseSchema',
    'response_schema and response_json_schema cannot both be set: send one of them',
  )
}

const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('gateway_request_invalid', message, { param })
