import { GatewayError } from '../errors.ts'
import type { Capabilities, ProtocolId, ServerTool } from '../ir/index.ts'
import { type CapabilityFamily, capabilityData, type PartialCapabilities } from './capability-data.ts'
import data from './data/capabilities.json'
import { compileGlob } from './model-matcher.ts'

export interface FoundCapabilities {
  readonly capabilities: Capabilities
  /** What somebody has written down of the tools that the provider runs; undefined where nobody has. */
  readonly statedServerTools: readonly ServerTool[] | undefined
  /** Id of the family that fits; undefined for a model that nobody knows. */
  readonly family: string | undefined
  /** Who makes the model, under the id by which that maker's own list has it. */
  readonly vendor: { readonly provider: string; readonly model: string } | undefined
}

export interface CapabilityIndex {
  /** @param model the id that is sent to the provider, in any letter case */
  find(provider: string, protocol: ProtocolId, model: string): FoundCapabilities
}

/** Opens `data/capabilities.json`. */
export const createCapabilityIndex = (): CapabilityIndex => {
  const { defaults, families } = capabilityData.parse(data)
  const byId = new Map(families.map((family) => [family.id, family]))
  const rows = families.flatMap((family) => {
    if (family.match === undefined) return []
    const globs = family.match.map(compileGlob)
    return [{ family, fits: (model: string) => globs.some((glob) => glob(model)) }]
  })
  return {
    find(provider, protocol, id) {
      const spoken = protocol === 'openai-embeddings' ? 'openai-chat' : protocol
      const model = plainId(id)
      const found = rows.find(
        ({ family, fits }) =>
          (family.providers === undefined || family.providers.includes(provider)) &&
          (family.protocols === undefined || family.protocols.includes(spoken)) &&
          fits(model),
      )?.family
      const line = found === undefined ? [] : ancestry(found, byId)
      const said = line.flatMap(({ capabilities: common, only }) => [common, only?.[spoken] ?? {}])
      const capabilities = said.reduce<Capabilities>(overlaid, {
        ...defined(defaults[spoken]),
        reasoning: defined(defaults[spoken].reasoning),
      })
      const vendor = line.findLast((family) => family.vendor !== undefined)?.vendor
      return {
        capabilities,
        statedServerTools: said.findLast((one) => one.serverTools !== undefined)?.serverTools,
        family: found?.id,
        vendor: vendor === undefined ? undefined : { provider: vendor, model },
      }
    },
  }
}

/**
 * Without what resellers put around it: a path in front (`anthropic/claude-…`), a cloud's prefix and version
 * (`us.anthropic.claude-…-v1:0`, `claude-…@20260528`), a dot in Claude's version, the parts of a fine-tuned model.
 */
const plainId = (id: string): string => {
  const lower = id.trim().toLowerCase()
  const last = lower.slice(lower.lastIndexOf('/') + 1)
  const name = last.startsWith('ft:') ? last.slice(3) : last
  const claude = name.indexOf('claude-')
  if (claude < 0) return name
  return name
    .slice(claude)
    .replace(/(?:-v\d+(?::\d+)?|@[^@]*)$/, '')
    .replace(/(\d)\.(\d)/g, '$1-$2')
}

/** The family and those that it is like, the most general first. */
const ancestry = (
  family: CapabilityFamily,
  byId: ReadonlyMap<string, CapabilityFamily>,
): readonly CapabilityFamily[] => {
  const line = [family]
  let like = family.like
  while (like !== undefined) {
    const next = byId.get(like)
    if (next === undefined || line.includes(next)) {
      throw new GatewayError('gateway_internal', `the catalogue has a family that is like ${like}`)
    }
    line.unshift(next)
    like = next.like
  }
  return line
}

/** What the later one says counts, within the nested objects as well. */
const overlaid = (base: Capabilities, over: PartialCapabilities): Capabilities => ({
  ...base,
  ...defined(over),
  reasoning: { ...base.reasoning, ...defined(over.reasoning ?? {}) },
  input: { ...base.input, ...defined(over.input ?? {}) },
  toolResults: { ...base.toolResults, ...defined(over.toolResults ?? {}) },
})

/** Members that are undefined say nothing; a schema's optional members may be. */
const defined = <T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  // fromEntries knows no keys.
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
