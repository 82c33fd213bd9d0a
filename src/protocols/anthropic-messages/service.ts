import type { JsonObject, Service } from '../../ir/index.ts'
import { type JsonScan, stringMember } from '../../wire/index.ts'
import { ownMember } from './members.ts'

/**
 * What an answer's `usage` says of how it was served: `service_tier`, `speed`, `inference_geo`.
 * Source: https://platform.claude.com/docs/en/build-with-claude/fast-mode and …/manage-claude/data-residency
 */
export const answeredService = (usage: JsonObject): Service | undefined =>
  service(ownMember(usage, 'service_tier'), ownMember(usage, 'speed'), ownMember(usage, 'inference_geo'))

/** What a request asks for. `standard_only` forbids the priority tier, and speed has a word of its own. */
export const askedService = (scan: JsonScan): Service | undefined => {
  const tier = stringMember(scan, 'service_tier')
  const speed = stringMember(scan, 'speed')
  return service(tier === 'standard_only' ? 'standard' : tier, speed, stringMember(scan, 'inference_geo'))
}

const service = (tier: unknown, speed: unknown, geo: unknown): Service | undefined => {
  const named = typeof tier === 'string' && tier !== '' && tier !== 'auto' ? tier.toLowerCase() : undefined
  const isFast = speed === 'fast'
  // Both at once is not sold: what it would cost is not known.
  const both = isFast && named !== undefined && named !== 'standard' ? `${named}-fast` : undefined
  const serviceClass = both ?? (isFast ? 'fast' : named)
  const region = typeof geo !== 'string' || geo === '' ? undefined : geo === 'not_available' ? 'global' : geo
  if (serviceClass === undefined && region === undefined) return undefined
  return {
    ...(serviceClass === undefined ? {} : { class: serviceClass }),
    ...(region === undefined ? {} : { region }),
  }
}
