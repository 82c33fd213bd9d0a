import { GatewayError } from '../../errors.ts'
import {
  type AnswerGate,
  type Away,
  applyEdits,
  awayFinding,
  canaryEdit,
  canaryOf,
  createAnswerGate,
  createRedaction,
  type Firewall,
  type FirewallPolicy,
  type Found,
  firewallHeader,
  joinPlaceholderMaps,
  type LeafText,
  type LookContext,
  layersOfKey,
  type PlaceholderMap,
  type Redaction,
  readLeaf,
  type ScreenedText,
  type Screening,
  sidecarAway,
  signsReasoning,
} from '../../firewall/index.ts'
import { beginsSummary, type Edit, type Leaf, type StreamEvent } from '../../ir/index.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import type { ScannedRequest } from '../../protocols/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched } from '../match/index.ts'
import { leavesOf, type Received, sessionOf, withBody } from '../receive/index.ts'
import { type AnswerMachineParts, answerMachines, answerWatchers } from './answer-machines.ts'
import {
  type EarlierPlaceholdersParts,
  earlierPlaceholders,
  enforcesWith,
  forgetPlaceholders,
  keepPlaceholders,
  noPlaceholders,
} from './earlier-placeholders.ts'

/** What is to be done with the words of an answer before the client hears them. */
export interface AnswerScreen {
  /**
   * New ones for each answer, in order; empty where answers go back as they are.
   * @param listeners hear the answer when it was looked at, and before values come back
   */
  machines(
    listeners?: readonly Machine<StreamEvent, StreamEvent>[],
  ): readonly Machine<StreamEvent, StreamEvent>[]
  /** Those of them that look at what the model said: what they let through still holds placeholders. */
  watchers(): readonly Machine<StreamEvent, StreamEvent>[]
  /** The watchers may change or end an answer: what nobody can look at is not to go on. */
  readonly isActing: boolean
  /** What placeholders of the answer stand for, those of earlier turns included. */
  readonly map: PlaceholderMap
  /** They only look, and change nothing. */
  readonly isWatching: boolean
  /** Sidecars that judge an answer as the client would get it; undefined where there are none. */
  gate(): AnswerGate | undefined
  /** The gate may hold, replace or refuse something: nothing was said before it has passed. */
  readonly isGated: boolean
  /** As the client sent it, where the request was changed: answers echo it. */
  readonly original: ScannedRequest | undefined
}

export interface Screened {
  readonly screen: AnswerScreen
}

export interface FirewallStageParts extends EarlierPlaceholdersParts {
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
    const earlier = await earlierPlaceholders(parts, exchange, () => enforcesWith(parts.firewall, policy))
    if (policy.isOff('input') && policy.isOff('output') && earlier.size === 0) {
      const reply = await next({ request, facts, screen: idle })
      await forgetPlaceholders(parts, exchange, reply)
      return reply
    }
    const signedReasoning = signsReasoning(protocol.id)
    const texts = leavesOf(protocol, operation, request).map(
      (leaf) => new ScreenedLeaf(leaf, signedReasoning, roleOf(request, leaf)),
    )
    const { found, redactions, values, refusal, away } = await look(parts, exchange, texts, policy)
    note(parts, exchange, found)
    entry.session = speakable(entry.session, values)
    if (refusal !== undefined) throw refused(refusal, found)
    const blocking = away.find(({ isBlocking }) => isBlocking)
    if (blocking !== undefined) throw sidecarAway(blocking, 'request')
    const redaction = createRedaction({
      key: keyOf(parts, exchange),
      texts,
      findings: redactions.size === 0 ? [] : texts.map((text) => redactions.get(text) ?? []),
      restores: ({ detector }) => detector !== 'secrets' || parts.firewall.restoresSecrets,
      signedReasoning,
      // A policy that only watches changes no byte.
      ...(policy.acts('input') ? { earlier } : {}),
    })
    const map = joinPlaceholderMaps(earlier, redaction.map)
    const edits = [...redaction.edits, ...markOf(parts, exchange, policy)]
    const changed = edits.length === 0 ? { request, facts } : rewritten(parts, exchange, edits)
    const screen = answerScreen(parts, {
      ...{ exchange, policy, found },
      redaction: { ...redaction, edits, map },
      values: withValues(values, earlier),
      request: changed.request,
    })
    const keep = keepPlaceholders(parts, exchange, map)
    const reply = await next({ ...changed, screen })
    await keep(reply)
    await forgetPlaceholders(parts, exchange, reply)
    const header = firewallHeader(entry.found)
    if (header !== undefined) reply.headers.set('x-tollgate-firewall', header)
    return reply
  },
})

interface Seen extends Screening<ReadLeaf> {
  readonly away: readonly Away[]
}

type ReadLeaf = LeafText & ScreenedText

/** A class for its getter: texts of earlier turns are hardly ever read. */
class ScreenedLeaf implements ReadLeaf {
  readonly leaf: Leaf
  readonly id: string
  readonly role: Leaf['role']
  readonly kind: Leaf['kind']
  readonly source: string | undefined
  readonly isSigned: boolean
  private read: LeafText | undefined

  constructor(leaf: Leaf, signedReasoning: boolean, role: Leaf['role']) {
    this.leaf = leaf
    this.id = leaf.id
    this.role = role
    this.kind = leaf.kind
    this.source = leaf.source
    this.isSigned = signedReasoning && leaf.kind === 'reasoning'
  }

  get text(): string {
    this.read ??= readLeaf(this.leaf)
    return this.read.text
  }
}

/** What a model wrote for later is judged as what tools bring: it may be made of that. */
const roleOf = ({ scan }: ScannedRequest, { role, start }: Leaf): Leaf['role'] =>
  role === 'user' && beginsSummary(scan.text, start) ? 'tool' : role

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

const keyOf = ({ placeholderKey }: FirewallStageParts, { identity }: Asked): Uint8Array =>
  placeholderKey(identity.tenant.organisation)

const idle: AnswerScreen = {
  machines: (listeners = []) => listeners,
  watchers: () => [],
  isActing: false,
  map: noPlaceholders,
  isWatching: true,
  gate: () => undefined,
  isGated: false,
  original: undefined,
}

/** What the client said in earlier turns is no news in an answer either. */
const withValues = (values: ReadonlySet<string>, earlier: PlaceholderMap): ReadonlySet<string> =>
  earlier.size === 0
    ? values
    : new Set([...values, ...earlier.entries().flatMap(({ value }) => (value === undefined ? [] : [value]))])

const policyOf = ({ firewall }: FirewallStageParts, { identity, match }: Asked): FirewallPolicy => {
  const { tenant, id, name, options } = identity
  const ofRoute = match.policy?.firewall
  const ofKey = layersOfKey(options.firewall)
  const layers = ofRoute === undefined ? ofKey : [ofRoute, ...ofKey]
  return firewall.policyOf({ team: tenant.team, keys: [id, name], layers })
}

/** What tells an answer that gives the system prompt away. */
const markOf = (parts: FirewallStageParts, exchange: Asked, policy: FirewallPolicy): readonly Edit[] => {
  if (!parts.firewall.marksPrompts(policy)) return []
  const { protocol, operation, request } = exchange
  const edit = canaryEdit(leavesOf(protocol, operation, request), canaryOf(keyOf(parts, exchange)))
  return edit === undefined ? [] : [edit]
}

const note = ({ onFinding }: FirewallStageParts, { entry }: Asked, found: readonly Found[]): void => {
  for (const one of found) {
    entry.found.push(one)
    onFinding(one)
  }
}

/** The name of a session becomes part of rows: none that holds what was found. */
const speakable = (session: string | null, values: ReadonlySet<string>): string | null =>
  session !== null && [...values].some((value) => session.includes(value)) ? null : session

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
  { request, protocol, entry }: Asked,
  edits: readonly Edit[],
): Received => {
  const changed = withBody(protocol, request, applyEdits(request.body, edits), maxNesting)
  // A client may name its sessions by what was just replaced.
  entry.session = sessionOf(request.headers, changed.facts)
  return changed
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
  const machineParts: AnswerMachineParts = {
    ...answering,
    firewall: parts.firewall,
    protocol: exchange.protocol,
    placeholderKey: keyOf(parts, exchange),
    onFound: (found) => note(parts, exchange, found),
  }
  const isActing = policy.acts('output')
  return {
    isWatching: !isActing && !redaction.map.restores,
    isActing,
    map: redaction.map,
    original: redaction.edits.length === 0 ? undefined : exchange.request,
    machines: (listeners) => answerMachines(machineParts, listeners),
    watchers: () => answerWatchers(machineParts),
    isGated: parts.firewall.sidecars.act(policy, 'output'),
    gate: () =>
      parts.firewall.sidecars.areOn(policy, 'output')
        ? createAnswerGate({
            ...{ sidecars: parts.firewall.sidecars, screen: parts.firewall.screen, policy },
            context: lookContext(exchange),
            placeholderKey: machineParts.placeholderKey,
            isKnown: (value) => answering.values.has(value),
            map: redaction.map,
            onFound: machineParts.onFound,
          })
        : undefined,
  }
}
