import type { GatewayError } from '../errors.ts'
import { canonicalOf, type StreamEvent } from '../ir/index.ts'
import { answerRefused } from './answer-watch.ts'
import { deltaWords, withDeltaWords } from './delta-words.ts'
import { createRedaction, newFindings, type PlaceholderMap, readLeaf } from './placeholders/index.ts'
import type { FirewallPolicy } from './policy.ts'
import type { Found, Screen, ScreenedText } from './screen.ts'
import { awayFinding, type LookContext, type Sidecars, sidecarAway } from './sidecars.ts'

export interface AnswerGateParts {
  readonly sidecars: Sidecars
  readonly screen: Screen
  readonly policy: FirewallPolicy
  readonly context: LookContext
  readonly placeholderKey: Uint8Array
  /** The client sent it itself, so that it is no news to it. */
  readonly isKnown: (value: string) => boolean
  /** What the request's placeholders stand for, which has come back by now. */
  readonly map: PlaceholderMap
  /** Told of each finding once. */
  readonly onFound: (found: readonly Found[]) => void
}

/** Sidecars between a model and a client. What a policy only tells of passes at once, and is looked at meanwhile. */
export interface AnswerGate {
  /** What may go on, in order: a part of an answer that has to be judged first is held until it is whole. */
  pass(events: readonly StreamEvent[]): Promise<readonly StreamEvent[]>
  /** What was held; resolves when all that was asked is answered. */
  end(): Promise<readonly StreamEvent[]>
}

type PlacedEvent = Extract<StreamEvent, { readonly index: number }>

/**
 * Asks sidecars about each part of an answer when it ends. Where one of them may replace or refuse, the part's words
 * are said when all have answered, which takes as long as their timeouts at most. A refusal ends the answer with an
 * error.
 */
export const createAnswerGate = (parts: AnswerGateParts): AnswerGate => {
  const { policy, sidecars } = parts
  const holds = sidecars.act(policy, 'output')
  const open = new Map<string, OpenPart>()
  const looks: Promise<unknown>[] = []
  /** A sidecar that is away is told of once. */
  const away = new Set<string>()
  let isOver = false

  const refuse = (error: GatewayError): readonly StreamEvent[] => {
    isOver = true
    open.clear()
    return [{ type: 'error', error: canonicalOf(error) }]
  }

  /** The words of a part as they may be said. */
  const judge = async (part: OpenPart): Promise<readonly StreamEvent[]> => {
    const { at: id, kind, text: source, events } = part
    if (source.trim() === '') return events
    const leaf = { id, role: 'assistant', kind, text: source, start: 0, end: 0 } as const
    const { text } = readLeaf(leaf)
    const screened: ScreenedText = { id, role: 'assistant', kind, text }
    const looked = await sidecars
      .look([screened], policy, 'output', parts.context)
      .catch((error: unknown) => {
        if (!parts.context.signal.aborted) throw error
      })
    // Nobody listens any more.
    if (looked === undefined) {
      isOver = true
      return []
    }
    const missing = looked.away.filter(({ sidecar }) => !away.has(sidecar))
    for (const { sidecar } of missing) away.add(sidecar)
    const { found, redactions } = parts.screen.run([screened], policy, 'output', looked.told)
    const isNew = (finding: Pick<Found, 'start' | 'end'>): boolean =>
      !parts.isKnown(text.slice(finding.start, finding.end))
    const news = newFindings(text, found, parts.map).filter(isNew)
    const isTold = (one: Pick<Found, 'detector'>): boolean => sidecars.ids.includes(one.detector)
    const told = found.filter((one) => isTold(one) && news.includes(one))
    parts.onFound([...told, ...missing.map((one) => awayFinding(one, 'output', id))])
    const refusal = told.find(({ action }) => action === 'refused')
    if (refusal !== undefined) return refuse(answerRefused(refusal.detector, refusal.type, refusal.at))
    const blocking = looked.away.find(({ isBlocking }) => isBlocking)
    if (blocking !== undefined) return refuse(sidecarAway(blocking, 'answer'))
    const replaced = newFindings(text, redactions.get(screened) ?? [], parts.map)
    const { edits } = createRedaction({
      key: parts.placeholderKey,
      texts: [{ leaf, text }],
      findings: [replaced.filter((one) => isTold(one) && isNew(one))],
      restores: () => false,
      signedReasoning: false,
    })
    const [edit] = edits
    return edit === undefined ? events : reworded(events, edit.text)
  }

  const close = async (key: string): Promise<readonly StreamEvent[]> => {
    const part = open.get(key)
    open.delete(key)
    if (part === undefined) return []
    if (holds) return judge(part)
    looks.push(judge(part))
    return []
  }

  const closeAll = async (): Promise<readonly StreamEvent[]> => {
    const said: StreamEvent[] = []
    for (const key of [...open.keys()]) said.push(...(await close(key)))
    return said
  }

  const passOne = async (event: StreamEvent): Promise<readonly StreamEvent[]> => {
    if (event.type === 'error' || event.type === 'finish') {
      const said = await closeAll()
      return isOver ? said : [...said, event]
    }
    if (!('index' in event)) return [event]
    const key = `${event.choice ?? 0}/${event.index}`
    if (event.type.endsWith('-end')) {
      const said = await close(key)
      return isOver ? said : [...said, event]
    }
    const words = deltaWords(event)
    const part = open.get(key) ?? (words === undefined ? undefined : openPart(event))
    if (part === undefined) return [event]
    open.set(key, part)
    part.text += words ?? ''
    if (!holds) return [event]
    part.events.push(event)
    return []
  }

  return {
    async pass(events) {
      const said: StreamEvent[] = []
      for (const event of events) {
        if (isOver) break
        said.push(...(await passOne(event)))
      }
      return said
    },
    async end() {
      const said = isOver ? [] : await closeAll()
      await Promise.all(looks)
      return said
    },
  }
}

interface OpenPart {
  readonly at: string
  readonly kind: ScreenedText['kind']
  text: string
  /** What is held. */
  readonly events: PlacedEvent[]
}

const openPart = ({ type, choice, index }: PlacedEvent): OpenPart => ({
  at: `${choice === undefined ? '' : `choice ${choice}, `}part ${index} of the answer`,
  kind: type === 'tool-call-delta' ? 'tool-input' : type === 'reasoning-delta' ? 'reasoning' : 'text',
  text: '',
  events: [],
})

/** All of the new words where the first ones stood; what else belongs to the part stays in its place. */
const reworded = (events: readonly PlacedEvent[], text: string): readonly StreamEvent[] => {
  const first = events.findIndex((event) => deltaWords(event) !== undefined)
  return events.flatMap((event, index): readonly StreamEvent[] => {
    if (deltaWords(event) === undefined) return [event]
    return index === first ? [withDeltaWords(event, text)] : []
  })
}
