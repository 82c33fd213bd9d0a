import type { JsonObject, Service } from '../../ir/index.ts'
import { readObject } from './read-object.ts'

/**
 * What `usageMetadata` says of how an answer was served: `serviceTier` (Gemini API) or `trafficType` (Vertex).
 * Source: https://ai.google.dev/gemini-api/docs/priority-inference
 */
export const answeredService = (metadata: JsonObject): Service | undefined => {
  const reader = readObject(metadata)
  const tier = geminiService(reader.take('serviceTier'))
  if (tier !== undefined) return tier
  const traffic = reader.take('trafficType')
  if (typeof traffic !== 'string' || traffic === '' || traffic === 'TRAFFIC_TYPE_UNSPECIFIED')
    return undefined
  return { class: traffics.get(traffic) ?? traffic.toLowerCase() }
}

/** A tier of a request or an answer; both spell it with and without the enum's prefix. */
export const geminiService = (tier: unknown): Service | undefined => {
  if (typeof tier !== 'string') return undefined
  const word = tier.toLowerCase().replace(/^service_tier_/, '')
  return word === '' || word === 'unspecified' ? undefined : { class: word }
}

/** Provisioned throughput is paid by the month: what a request of it costs is not known. */
const traffics: ReadonlyMap<string, string> = new Map([
  ['ON_DEMAND', 'standard'],
  ['ON_DEMAND_FLEX', 'flex'],
  ['ON_DEMAND_PRIORITY', 'priority'],
  ['PROVISIONED_THROUGHPUT', 'provisioned'],
])
