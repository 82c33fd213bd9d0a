import { type AskJson, createAsker } from '../egress/index.ts'
import { GatewayError } from '../errors.ts'
import type { Direction, FirewallPolicy } from './policy.ts'
import type { Found, ScreenedText, Told } from './screen.ts'
import {
  changedSpans,
  createFilter,
  createLabelClassifier,
  createPresidioRecogniser,
  createShieldClassifier,
  type FaultReason,
  type FilterVerdict,
  SidecarFault,
  type SidecarOptions,
  type SidecarParty,
} from './sidecar/index.ts'
import type { SidecarSettings } from './sidecar-settings.ts'

/** A sidecar that gave no usable answer about some of the texts. */
export interface Away {
  readonly sidecar: string
  readonly reason: FaultReason
  /** What it was asked about must not go on unseen. */
  readonly isBlocking: boolean
}

export interface Looked {
  readonly told: ReadonlyMap<ScreenedText, readonly Told[]>
  readonly away: readonly Away[]
}

/** What filters are told beside a text. */
export interface LookContext {
  /** The exchange's: whoever it aborts for waits no longer. */
  readonly signal: AbortSignal
  readonly model?: string
  /** The operation: `generate`, `embed`. */
  readonly endpoint?: string
  readonly organisation?: string
  readonly user?: string
  readonly session?: string
}

/** The services that look at texts too. */
export interface Sidecars {
  /** Their names, which are names of detectors. */
  readonly ids: readonly string[]
  /** Is one of them asked in this direction? */
  areOn(policy: FirewallPolicy, direction: Direction): boolean
  /** May one of them replace or refuse something in this direction? */
  act(policy: FirewallPolicy, direction: Direction): boolean
  /**
   * Asks all that the policy has on, each about the texts that it looks at; what they said of a text before is known.
   * @throws GatewayError `gateway_client_gone` where the signal aborted
   */
  look<Text extends ScreenedText>(
    texts: readonly Text[],
    policy: FirewallPolicy,
    direction: Direction,
    context: LookContext,
  ): Promise<Looked>
}

export interface SidecarsParts {
  /** Told of each that was away, once for each exchange and direction. Never throws. */
  readonly onAway?: (away: Away) => void
  readonly ask?: AskJson
}

/** Each has connections and memory of its own, which go with it. */
export const createSidecars = (
  settings: readonly SidecarSettings[],
  { onAway = () => undefined, ask = createAsker({ reach: 'anywhere' }) }: SidecarsParts = {},
): Sidecars => {
  const sidecars = settings.map((one) => createSidecar(one, ask))
  const active = (policy: FirewallPolicy, direction: Direction): readonly Sidecar[] =>
    sidecars.filter((one) => one.directions.includes(direction) && policy.mode(one.id, direction) !== 'off')
  return {
    ids: sidecars.map(({ id }) => id),
    areOn: (policy, direction) => active(policy, direction).length > 0,
    act: (policy, direction) => active(policy, direction).some(({ id }) => isActing(policy, id, direction)),
    async look(texts, policy, direction, context) {
      const answers = await Promise.all(
        active(policy, direction).map((one) => {
          const isBlocking = blocks(one, policy, direction)
          const seen = texts.filter((text) => text.text.trim() !== '' && one.looksAt(text, direction))
          return askAll(one, seen, { direction, isBlocking, context })
        }),
      )
      if (context.signal.aborted)
        throw new GatewayError(
          'gateway_client_gone',
          'the client left while sidecars of the firewall were asked',
        )
      const told = new Map<ScreenedText, Told[]>()
      for (const { findings } of answers) {
        for (const [text, list] of findings) {
          const before = told.get(text)
          if (before === undefined) told.set(text, [...list])
          else before.push(...list)
        }
      }
      const away = answers.flatMap((answer) => (answer.away === undefined ? [] : [answer.away]))
      for (const one of away) onAway(one)
      return { told, away }
    },
  }
}

/** The finding that says that a sidecar was away. */
export const awayFinding = (
  { sidecar, reason, isBlocking }: Away,
  direction: Direction,
  at: string,
): Found => ({
  ...{ detector: sidecar, type: 'SIDECAR_AWAY', rule: reason, start: 0, end: 0, confidence: 1 },
  ...{ at, direction, action: isBlocking ? 'refused' : 'reported' },
})

/** Nobody may let through what has to be looked at by a sidecar that is away. */
export const sidecarAway = ({ sidecar, reason }: Away, what: 'request' | 'answer'): GatewayError =>
  new GatewayError(
    'gateway_firewall_unavailable',
    `the firewall holds the ${what} back: ${sidecar}, which has to look at it, gives no usable answer (${reason}); try again later`,
  )

interface Sidecar {
  readonly id: string
  readonly timeout: number
  readonly onError: SidecarSettings['on_error']
  readonly directions: readonly Direction[]
  looksAt(text: ScreenedText, direction: Direction): boolean
  ask(text: ScreenedText, direction: Direction, context: LookContext): Promise<readonly Told[]>
}

const createSidecar = (settings: SidecarSettings, ask: AskJson): Sidecar => {
  const isClassifier = settings.kind.endsWith('-classifier')
  const parties: readonly SidecarParty[] =
    settings.texts ?? (isClassifier ? ['user', 'tool'] : ['user', 'tool', 'system', 'assistant'])
  return {
    id: settings.id,
    timeout: settings.timeout,
    onError: settings.on_error,
    directions: isClassifier ? ['input'] : ['input', 'output'],
    looksAt: (text, direction) => direction === 'output' || parties.includes(partyOf(text)),
    ask: askerOf(settings, ask),
  }
}

const partyOf = ({ role, kind }: ScreenedText): SidecarParty => (kind === 'tool-output' ? 'tool' : role)

const askerOf = (settings: SidecarSettings, ask: AskJson): Sidecar['ask'] => {
  switch (settings.kind) {
    case 'presidio':
      return presidioAsker(settings, ask)
    case 'filter':
      return filterAsker(settings, ask)
    case 'label-classifier':
    case 'shield-classifier':
      return classifierAsker(settings, ask)
  }
}

const optionsOf = (
  { id, url, headers, timeout, concurrency, max_text }: SidecarSettings,
  ask: AskJson,
): SidecarOptions => ({
  ...{ id, url, ask, timeoutMs: timeout, concurrency },
  ...(headers === undefined ? {} : { headers }),
  ...(max_text === undefined ? {} : { maximumTextLength: max_text }),
})

const presidioAsker = (settings: SidecarSettings, ask: AskJson): Sidecar['ask'] => {
  const { entities, min_score, languages = ['en'] } = settings
  const recogniser = createPresidioRecogniser({
    ...optionsOf(settings, ask),
    ...(entities === undefined ? {} : { entities }),
    ...(min_score === undefined ? {} : { scoreThreshold: min_score }),
  })
  return async ({ text, kind }, _direction, { signal }) => {
    const found = await Promise.all(
      languages.map((language) => recogniser.recognise([text], { signal, language })),
    )
    // Signed thoughts are refused by their provider when a byte of them changes.
    const whenRedacting = kind === 'reasoning' ? 'reported' : 'redacted'
    return found.flat(2).map((finding) => ({ ...finding, whenRedacting }))
  }
}

const filterAsker = (settings: SidecarSettings, ask: AskJson): Sidecar['ask'] => {
  const { id, path } = settings
  const filter = createFilter({ ...optionsOf(settings, ask), ...(path === undefined ? {} : { path }) })
  return async ({ text, kind }, direction, { signal, model, endpoint, organisation, user, session }) => {
    const verdict = await filter.judge(
      {
        ...{ direction, text },
        ...(model === undefined ? {} : { model }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(organisation === undefined ? {} : { tenantId: organisation }),
        ...(user === undefined ? {} : { userId: user }),
        ...(session === undefined ? {} : { sessionId: session }),
      },
      signal,
    )
    return toldBy(id, text, kind, verdict)
  }
}

/**
 * What a filter says, as findings. A text that it forbids is refused by every policy that acts. One that it rewrites
 * has the places that differ replaced by placeholders, so that they come back in the answer and are the same in every
 * turn; where these places cannot be told, the filter's will cannot be done, and the text is refused as well.
 */
const toldBy = (
  detector: string,
  text: string,
  kind: ScreenedText['kind'],
  { isAllowed, redacted, types }: FilterVerdict,
): readonly Told[] => {
  const [only] = types
  const named = types.length === 1 && only !== undefined ? typeOf(only) : undefined
  const whole = { detector, start: 0, end: text.length, confidence: 1, isVerdict: true }
  if (!isAllowed)
    return [{ ...whole, type: named ?? 'FORBIDDEN_TEXT', rule: 'forbidden', whenRedacting: 'refused' }]
  const rewritten = redacted === undefined ? [] : changedSpans(text, redacted)
  if (rewritten === undefined)
    return [{ ...whole, type: named ?? 'REWRITTEN_TEXT', rule: 'rewritten', whenRedacting: 'refused' }]
  if (rewritten.length === 0)
    return types.map((type) => ({
      ...{ ...whole, type: typeOf(type), rule: 'named' },
      ...{ isReportOnly: true, whenRedacting: 'reported' },
    }))
  return rewritten.map(({ start, end }) => ({
    ...{ detector, type: named ?? 'FILTERED', rule: 'rewritten', start, end, confidence: 1 },
    whenRedacting: kind === 'reasoning' ? 'reported' : 'redacted',
  }))
}

/** As placeholders and reports name it. */
const typeOf = (name: string): string =>
  name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .slice(0, 40) || 'FILTERED'

const usualScore = 0.9
const usualPiece = 10_000
/** What stands at the end of one piece also begins the next one. */
const sharedByPieces = 200

const classifierAsker = (settings: SidecarSettings, ask: AskJson): Sidecar['ask'] => {
  const { id, kind, path, labels, min_score = usualScore, max_text = usualPiece } = settings
  const options = { ...optionsOf(settings, ask), ...(path === undefined ? {} : { path }) }
  const classifier =
    kind === 'label-classifier'
      ? createLabelClassifier({ ...options, ...(labels === undefined ? {} : { attackLabels: labels }) })
      : createShieldClassifier(options)
  return async (screened, _direction, { signal }) => {
    const { text } = screened
    const told = await Promise.all(
      piecesOf(text, max_text).map(async ({ start, end }): Promise<readonly Told[]> => {
        const party = partyOf(screened) === 'user' ? 'user' : 'document'
        const { score } = await classifier.classify(text.slice(start, end), party, signal)
        if (score < min_score) return []
        const verdict = { start, end, confidence: score, isVerdict: true }
        return [{ detector: id, type: 'INJECTION', rule: kind, ...verdict, whenRedacting: 'reported' }]
      }),
    )
    return told.flat()
  }
}

const piecesOf = (
  text: string,
  size: number,
): readonly { readonly start: number; readonly end: number }[] => {
  const step = size - Math.min(sharedByPieces, size >> 1)
  const count = text.length <= size ? 1 : Math.ceil((text.length - size) / step) + 1
  return Array.from({ length: count }, (_, index) => ({
    start: index * step,
    end: Math.min(text.length, index * step + size),
  }))
}

const isActing = (policy: FirewallPolicy, id: string, direction: Direction): boolean => {
  const mode = policy.mode(id, direction)
  return mode === 'redact' || mode === 'enforce'
}

/** A policy that only tells changes nothing, whatever is away. */
const blocks = ({ id, onError }: Sidecar, policy: FirewallPolicy, direction: Direction): boolean =>
  isActing(policy, id, direction) &&
  (onError ?? (policy.mode(id, direction) === 'enforce' ? 'block' : 'allow')) === 'block'

interface Asking {
  readonly direction: Direction
  readonly isBlocking: boolean
  readonly context: LookContext
}

interface Answers {
  readonly findings: ReadonlyMap<ScreenedText, readonly Told[]>
  readonly away?: Away
}

/** These say that the next call will fare no better. */
const saysGone: ReadonlySet<FaultReason> = new Set(['unreachable', 'timeout', 'aborted', 'not-allowed'])

/**
 * Asks about all texts at once, each different one only once, within one time. What was answered before a fault
 * counts; what is known already does not wait for anybody.
 */
const askAll = async (
  sidecar: Sidecar,
  texts: readonly ScreenedText[],
  { direction, isBlocking, context }: Asking,
): Promise<Answers> => {
  const stop = new AbortController()
  const signal = AbortSignal.any([context.signal, stop.signal])
  const timer = setTimeout(() => stop.abort(), sidecar.timeout)
  const findings = new Map<ScreenedText, readonly Told[]>()
  const asked = new Map<string, Promise<readonly Told[]>>()
  let reason: FaultReason | undefined
  const ask = async (text: ScreenedText): Promise<void> => {
    const name = `${partyOf(text)} ${text.kind === 'reasoning'} ${text.text}`
    const answer = asked.get(name) ?? sidecar.ask(text, direction, { ...context, signal })
    asked.set(name, answer)
    try {
      findings.set(text, await answer)
    } catch (error) {
      if (!(error instanceof SidecarFault)) throw error
      // Nobody but the clock has stopped it.
      reason ??= error.reason === 'aborted' ? 'timeout' : error.reason
      if (isBlocking || saysGone.has(error.reason)) stop.abort()
    }
  }
  try {
    await Promise.all(texts.map(ask))
  } finally {
    clearTimeout(timer)
  }
  return reason === undefined || context.signal.aborted
    ? { findings }
    : { findings, away: { sidecar: sidecar.id, reason, isBlocking } }
}
