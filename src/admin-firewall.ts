import { defaultOrganisation, type VirtualKeys } from './accounts/index.ts'
import type { FirewallQuestion, FirewallTrial } from './admin/index.ts'
import { GatewayError } from './errors.ts'
import { awayFinding, createRedaction, layersOfKey } from './firewall/index.ts'
import type { Leaf } from './ir/index.ts'
import type { Runtime } from './runtime.ts'

export interface AdminFirewallParts {
  readonly keys: Pick<VirtualKeys, 'get'>
  readonly runtime: Pick<Runtime, 'firewall'>
  readonly placeholderKey: (organisation: string) => Uint8Array
}

/**
 * What the firewall would do with a text. Nothing is written down.
 * @throws GatewayError `not_found` for a key that there is not, or not for whoever asks
 */
export const tryFirewall = async (
  { keys, runtime, placeholderKey }: AdminFirewallParts,
  { text, role, direction, key: id, organisation }: FirewallQuestion,
): Promise<FirewallTrial> => {
  const { firewall } = runtime
  const key = id === undefined ? undefined : await keys.get(id)
  if (key !== undefined && organisation !== null && key.organisation !== organisation)
    throw new GatewayError('not_found', 'there is no such virtual key')
  const policy = firewall.policyOf({
    team: key?.team ?? null,
    keys: key === undefined ? [] : [key.id, key.name],
    layers: layersOfKey(key?.options.firewall ?? 'inherit'),
  })
  const leaf: Leaf = { id: 'text', role, kind: 'text', text, start: 0, end: 0 }
  const screened = { ...leaf, leaf }
  const looked = await firewall.sidecars.look([screened], policy, direction, {
    signal: neverAborted,
    ...(key === undefined ? {} : { organisation: key.organisation }),
  })
  const { found, redactions, refusal } = firewall.screen.run([screened], policy, direction, looked.told)
  const away = looked.away.map((one) => awayFinding(one, direction, 'text'))
  const redaction = createRedaction({
    key: placeholderKey(key?.organisation ?? organisation ?? defaultOrganisation),
    texts: [{ leaf, text }],
    findings: [redactions.get(screened) ?? []],
    restores: () => true,
    signedReasoning: false,
  })
  return {
    isRefused: refusal !== undefined || looked.away.some(({ isBlocking }) => isBlocking),
    findings: [...found, ...away].map(({ detector, type, rule, confidence, action, start, end }) => ({
      ...{ detector, type, rule, confidence, action, start, end },
      ...placeOf(text, start),
    })),
    text: redaction.edits[0]?.text ?? text,
    modes: Object.fromEntries(
      firewall.detectors
        .filter((name) => direction === 'output' || !ofAnswers.has(name))
        .map((name) => [name, policy.mode(name, direction)]),
    ),
  }
}

/** They look at answers only. */
const ofAnswers: ReadonlySet<string> = new Set(['tools', 'links'])

/** Sidecars have bounds of their own. */
const neverAborted = new AbortController().signal

const placeOf = (text: string, start: number): { readonly line: number; readonly column: number } => {
  const before = text.slice(0, start)
  return { line: before.split('\n').length, column: start - before.lastIndexOf('\n') }
}
