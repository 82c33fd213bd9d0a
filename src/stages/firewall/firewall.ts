import { GatewayError } from '../../errors.ts'
import {
  type AnswerGate,
  type Away,
  applyEdits,
  awayFinding,
  createAnswerGate,
  createRedaction,
  type Firewall,
  type FirewallMode,
  type FirewallPolicy,
  type Found,
  firewallHeader,
  type LeafText,
  type LookContext,
  type PolicyLayer,
  type Redaction,
  readLeaf,
  type ScreenedText,
  type Screening,
  sidecarAway,
  signsReasoning,
} from '../../firewall/index.ts'
import type { Leaf, StreamEvent } from '../../ir/index.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import type { ScannedRequest } from '../../protocols/index.ts'
import { type Machine, scanJson } from '../../wire/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched } from '../match/index.ts'
import { leavesOf, type Received } from '../receive/index.ts'
import { answerMachines } from './answer-machines.ts'

/** What is to be done with the words of an answer before the client hears them. */
export interface AnswerScreen {
  /** New ones for each answer, in order; empty where answers go back as they are. */
  machines(): readonly Machine<StreamEvent, StreamEvent>[]
  /** They only look, and change nothing. */
  readonly isWatching: boolean
  /** Sidecars that judge an answer as the client would get it; undefined where there are none. */
  gate(): AnswerGate | undefined
  /** As the client sent it, where the request was changed: answers echo it. */
  readonly original: ScannedRequest | undefined
}

export interface Screened {
  readonly screen: AnswerScreen
}

export interface FirewallStageParts {
  readonly firewall: Firewall
  /** An organisation's own: one organisation's placeholders say nothing to another. */
  readonly placeholderKey: (organisation: string) => Uint8Array
  readonly maxNesting: number
  readonly onFinding: (found: Found) => void
}

type Asked = Exchange & Authenticated & Recorded & Received & Matched

/**
 * Looks at every text of a request before anybody else hears of it: what the policy forbids is refused, what it
 * redacts is replaced in the client's own bytes, and all that was found is written down. What was replaced comes back
 * in the answer.
 */
export const firewall = (parts: FirewallStageParts): Stage<Asked, Received & Screened> => ({
  name: 'firewall',
  async run(exchange, next) {
    const { request, facts, entry, protocol, operation } = exchange
    const policy = policyOf(parts, exchange)
    if (policy.isOff('input') && policy.isOff('output')) return next({ request, facts, screen: idle })
    const texts = leavesOf(protocol, operation, request).map((leaf) => ({
      ...readLeaf(leaf),
      ...placeOf(leaf),
    }))
    const { found, redactions, values, refusal, away } = await look(parts, exchange, texts, policy)
    note(parts, exchange, found)
    if (refusal !== undefined) throw refused(refusal, found)
    const blocking = away.find(({ isBlocking }) => isBlocking)
    if (blocking !== undefined) throw sidecarAway(blocking, 'request')
    const redaction = createRedaction({
      key: keyOf(parts, exchange),
      texts,
      findings: texts.map((text) => redactions.get(text) ?? []),
      restores: ({ detector }) => detector !== 'secrets' || parts.firewall.restoresSecrets,
      signedReasoning: signsReasoning(exchange.protocol.id),
    })
    const changed = redaction.edits.length === 0 ? { request, facts } : rewritten(parts, exchange, redaction)
    const screen = answerScreen(parts, {
      ...{ exchange, policy, redaction, found, values },
      request: changed.request,
    })
    const reply = await next({ ...changed, screen })
    const header = firewallHeader(entry.found)
    if (header !== undefined) reply.headers.set('x-tollgate-firewall', header)
    return reply
  },
})

interface Seen extends Screening<ReadLeaf> {
  readonly away: readonly Away[]
}

type ReadLeaf = LeafText & ScreenedText

/** The detectors of the gateway first: what they refuse, nobody else is asked about. */
const look = async (
  { firewall: { screen, sidecars } }: FirewallStageParts,
  exchange: Asked,
  texts: readonly ReadLeaf[],
  policy: FirewallPolicy,
): Promise<Seen> => {
  const own = screen.run(texts, policy, 'input')
  if (own.refusal !== undefined || !sidecars.areOn(policy, 'input')) return { ...own, away: [] }
  const { told, away } = await sidecars.look(texts, policy, 'input', lookContext(exchange))
  const all = told.size === 0 ? own : screen.run(texts, policy, 'input', told)
  return {
    ...all,
    away,
    found: [...all.found, ...away.map((one) => awayFinding(one, 'input', 'the request'))],
  }
}

const lookContext = ({ signal, facts, operation, identity }: Asked): LookContext => {
  const { organisation, user } = identity.tenant
  return {
    ...{ signal, endpoint: operation, organisation },
    ...(facts.model === undefined ? {} : { model: facts.model }),
    ...(user === null ? {} : { user }),
    ...(facts.session === undefined ? {} : { session: facts.session }),
  }
}

const placeOf = ({ id, role, kind }: Leaf): Pick<Leaf, 'id' | 'role' | 'kind'> => ({ id, role, kind })

const keyOf = ({ placeholderKey }: FirewallStageParts, { identity }: Asked): Uint8Array =>
  placeholderKey(identity.tenant.organisation)

const idle: AnswerScreen = {
  machines: () => [],
  isWatching: true,
  gate: () => undefined,
  original: undefined,
}

const policyOf = ({ firewall }: FirewallStageParts, { identity, match }: Asked): FirewallPolicy => {
  const { tenant, id, name, options } = identity
  const layers: PolicyLayer[] = []
  if (match.policy?.firewall !== undefined) layers.push(match.policy.firewall)
  if (options.firewall !== 'inherit') layers.push(keyLayer(options.firewall))
  return firewall.policyOf({ team: tenant.team, keys: [id, name], layers })
}

/** What a key says, it says of both directions. */
const keyLayer = (mode: FirewallMode): PolicyLayer => ({ input: mode, output: mode })

const note = ({ onFinding }: FirewallStageParts, { entry }: Asked, found: readonly Found[]): void => {
  for (const one of found) {
    entry.found.push(one)
    onFinding(one)
  }
}

const refused = ({ detector, type, at }: Found, found: readonly Found[]): GatewayError => {
  const others = found.filter(({ action }) => action === 'refused').length - 1
  const more = others === 0 ? '' : `, and ${others} more`
  return new GatewayError(
    'gateway_firewall_refused',
    `the firewall refuses the request: ${detector} found ${type} in ${at}${more}`,
    { param: at, headers: { 'x-tollgate-firewall': firewallHeader(found) ?? '' } },
  )
}

const rewritten = (
  { maxNesting }: FirewallStageParts,
  { request, protocol }: Asked,
  { edits }: Redaction,
): Received => {
  const body = applyEdits(request.body, edits)
  const changed = { ...request, body, scan: scanJson(body, protocol.watchedKeys, maxNesting) }
  return { request: changed, facts: protocol.facts(changed) }
}

interface Answering {
  readonly exchange: Asked
  readonly request: ScannedRequest
  readonly policy: FirewallPolicy
  readonly redaction: Redaction
  readonly found: readonly Found[]
  readonly values: ReadonlySet<string>
}

const answerScreen = (parts: FirewallStageParts, answering: Answering): AnswerScreen => {
  const { exchange, policy, redaction } = answering
  return {
    isWatching: !policy.acts('output') && !redaction.map.restores,
    original: redaction.edits.length === 0 ? undefined : exchange.request,
    gate: () =>
      parts.firewall.sidecars.areOn(policy, 'output')
        ? createAnswerGate({
            ...{ sidecars: parts.firewall.sidecars, screen: parts.firewall.screen, policy },
            context: lookContext(exchange),
            placeholderKey: keyOf(parts, exchange),
            isKnown: (value) => answering.values.has(value),
            map: redaction.map,
            onFound: (found) => note(parts, exchange, found),
          })
        : undefined,
    machines: () =>
      answerMachines({
        ...answering,
        firewall: parts.firewall,
        protocol: exchange.protocol,
        placeholderKey: keyOf(parts, exchange),
        onFound: (found) => note(parts, exchange, found),
      }),
  }
}
