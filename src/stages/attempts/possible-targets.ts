import { GatewayError } from '../../errors.ts'
import type { Operation, ProtocolId, WorkMode } from '../../ir/index.ts'
import type { Exchange } from '../../pipeline/index.ts'
import type { HandlesChecked } from '../handles/index.ts'
import type { Matched, Target } from '../match/index.ts'

export interface Choice {
  readonly target: Target
  /**
   * What the target is spoken to in: the client's own protocol where it speaks it. Absent where the gateway answers
   * for it: tokens can be counted without asking anybody.
   */
  readonly protocol: ProtocolId | undefined
}

/**
 * The targets that can be asked at all, in the order of the route. Providers that merely know the name are equals, so
 * those that speak the client's protocol go before the others.
 * @throws GatewayError `gateway_translation_unsupported`, `gateway_protocol_unsupported`, `gateway_request_invalid`
 */
export const possibleTargets = (
  workMode: WorkMode,
  exchange: Exchange & Pick<Matched, 'match'> & HandlesChecked,
): readonly Choice[] => {
  const { sticky, operation, protocol, match } = exchange
  const targets =
    sticky === undefined
      ? match.targets
      : match.targets.filter((target) => target.provider.id === sticky.provider)
  const choices = targets.flatMap((target): readonly Choice[] => {
    const { served, protocol: spoken } = howServed(workMode, target, operation, protocol.id)
    return served === 'not-served' || served === 'refused' ? [] : [{ target, protocol: spoken }]
  })
  if (choices.length === 0) throw unserved(workMode, exchange, targets)
  return match.isOrdered ? choices : nativeFirst(choices, protocol.id)
}

/** Equals go in the order of how well they speak with the client. */
export const nativeFirst = <T extends Pick<Choice, 'protocol'>>(
  choices: readonly T[],
  client: ProtocolId,
): readonly T[] => {
  const isNative = ({ protocol }: T): boolean => protocol === client
  return [...choices.filter(isNative), ...choices.filter((choice) => !isNative(choice))]
}

/** What becomes of a request at one target. */
export interface Service {
  /** `counted`: the gateway answers for it. `refused`: the work mode does not permit it. */
  readonly served: 'untouched' | 'translated' | 'counted' | 'refused' | 'not-served'
  /** What the target is spoken to in; absent where it is not spoken to. */
  readonly protocol: ProtocolId | undefined
}

export const howServed = (
  workMode: WorkMode,
  target: Target,
  operation: Operation,
  client: ProtocolId,
): Service => {
  const protocol = spokenTo(target, operation, client)
  const isNative = protocol === client
  if (protocol === undefined && !countsHere(target, operation)) return { served: 'not-served', protocol }
  if (!permits(workMode, target, isNative)) return { served: 'refused', protocol }
  return { served: protocol === undefined ? 'counted' : isNative ? 'untouched' : 'translated', protocol }
}

/** The client's protocol if the target speaks it; else the best that it has, for what can be translated. */
const spokenTo = (target: Target, operation: Operation, client: ProtocolId): ProtocolId | undefined => {
  const spoken = target.provider.speaks(target.model, operation)
  if (spoken.includes(client)) return client
  return translatable.has(operation) ? spoken[0] : undefined
}

/** A model that generates and has no endpoint that counts. */
const countsHere = ({ provider, model }: Target, operation: Operation): boolean =>
  operation === 'count-tokens' && provider.speaks(model, 'generate').length > 0

const translatable: ReadonlySet<Operation> = new Set(['generate', 'count-tokens', 'embed'])

/** What answers without HTTP speaks every protocol and has nothing to translate, whatever the work mode. */
const permits = (workMode: WorkMode, { provider }: Target, isNative: boolean): boolean =>
  workMode === 'auto' || isNative === (workMode === 'passthrough') || provider.send !== undefined

const unserved = (
  workMode: WorkMode,
  exchange: Exchange & HandlesChecked,
  targets: readonly Target[],
): GatewayError => {
  const { operation, protocol, sticky } = exchange
  const [first] = targets
  if (first === undefined) {
    return sticky === undefined
      ? new GatewayError(
          'gateway_protocol_unsupported',
          `no configured provider serves ${operation} of ${protocol.id}`,
        )
      : new GatewayError(
          'gateway_request_invalid',
          `the state referred to lives at ${sticky.provider}, which does not serve this model`,
        )
  }
  const refused = targets.find(
    (target) => howServed(workMode, target, operation, protocol.id).served === 'refused',
  )
  if (refused !== undefined) {
    return new GatewayError('gateway_translation_unsupported', refusal(workMode, refused, exchange))
  }
  const { id } = first.provider
  const spoken = first.provider.speaks(first.model, operation)
  if (spoken.length === 0) {
    return new GatewayError('gateway_protocol_unsupported', `the provider ${id} does not serve ${operation}`)
  }
  return new GatewayError(
    'gateway_translation_unsupported',
    `${speech(id, spoken, protocol.id)}: ${operation} has no counterpart there`,
  )
}

/** Why the work mode does not let a target be asked that could be. */
const refusal = (
  workMode: WorkMode,
  { provider, model }: Target,
  { operation, protocol }: Exchange,
): string => {
  const spoken = provider.speaks(model, operation)
  if (workMode === 'translation') {
    return `the provider ${provider.id} speaks ${protocol.id}: work mode \`translation\` refuses what would pass through`
  }
  return spoken.length === 0
    ? `the provider ${provider.id} has no endpoint for ${operation}: work mode \`passthrough\` refuses what the gateway would answer for it`
    : `${speech(provider.id, spoken, protocol.id)}: work mode \`passthrough\` refuses what would have to be translated`
}

const speech = (id: string, spoken: readonly ProtocolId[], client: ProtocolId): string =>
  `the provider ${id} speaks ${spoken.join(', ')} and this request is ${client}`
