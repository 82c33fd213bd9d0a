import type { Catalog } from '../../catalog/index.ts'
import type { Capabilities, ProtocolId } from '../../ir/index.ts'
import type { Demands } from '../match/index.ts'
import type { Choice } from './possible-targets.ts'

/** Estimates err, so a window counts as too small only where the estimate is clearly beyond it. */
const margin = 1.1

/**
 * Those that can do what the request demands, and the others, which are tried after them: what is known of a model may
 * be out of date, and the provider's own refusal says more than ours would.
 */
export const capableFirst = <T extends Choice>(
  choices: readonly T[],
  demands: () => Demands,
  catalog: Pick<Catalog, 'capabilities'>,
): { readonly capable: readonly T[]; readonly others: readonly T[] } => {
  const wanted = demands()
  const can = (choice: Choice): boolean =>
    choice.protocol === undefined || meets(capabilitiesOf(choice, choice.protocol, catalog), wanted)
  return { capable: choices.filter(can), others: choices.filter((choice) => !can(choice)) }
}

const capabilitiesOf = (
  { target }: Choice,
  protocol: ProtocolId,
  catalog: Pick<Catalog, 'capabilities'>,
): Capabilities => catalog.capabilities(target.provider.kind, protocol, target.model)

const meets = (capabilities: Capabilities, wanted: Demands): boolean =>
  (capabilities.contextWindow === undefined || wanted.inputTokens <= capabilities.contextWindow * margin) &&
  (!wanted.hasTools || capabilities.maxTools !== 0) &&
  (!wanted.hasImages || capabilities.input.images) &&
  (!wanted.wantsJsonSchema || capabilities.jsonSchema)
