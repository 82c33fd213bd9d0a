import { GatewayError } from '../errors.ts'
import { canonicalOf, type StreamEvent } from '../ir/index.ts'
import type { Machine } from '../wire/index.ts'
import { deltaWords, withDeltaWords } from './delta-words.ts'
import type { Finding } from './finding.ts'
import type { FirewallPolicy } from './policy.ts'
import type { Found, Screen, ScreenedText, Screening } from './screen.ts'

export interface AnswerWatchParts {
  readonly screen: Screen
  readonly policy: FirewallPolicy
  /** What stands in for a value that the model said: never the value. */
  readonly placeholder: (finding: Finding, value: string) => string
  /** The client sent it itself, so that it is no news to it. */
  readonly isKnown: (value: string) => boolean
  /** Told of each finding once. */
  readonly onFound: (found: readonly Found[]) => void
}

/** Text behind the end of what was looked at, in characters: a value that is not yet whole may begin in it. */
const held = 256

type Delta = Extract<
  StreamEvent,
  { type: 'text-delta' | 'refusal-delta' | 'reasoning-delta' | 'tool-call-delta' }
>

/**
 * Looks for findings in what a model says. Where the policy only tells, nothing is held back or changed. Where it
 * replaces or refuses, text is released behind at most 256 characters, and the input of a tool call when it is whole:
 * agents run it at the item's end. A refusal ends the answer with an error.
 */
export const createAnswerWatch = (parts: AnswerWatchParts): Machine<StreamEvent, StreamEvent> => {
  const { policy, screen } = parts
  const open = new Map<string, OpenPart>()
  const acts = policy.acts('output')
  let isOver = false

  const look = (part: Pick<OpenPart, 'at' | 'kind'>, text: string): Screening<ScreenedText> => {
    const { at, kind } = part
    const said = { id: at, role: 'assistant', kind, text, isSigned: kind === 'reasoning' } as const
    return screen.run([said], policy, 'output')
  }

  /** What of a text is news to the client: all that was found, what ends the answer, and what is replaced. */
  const judge = (part: Pick<OpenPart, 'at' | 'kind'>, text: string) => {
    const { found, redactions, refusal } = look(part, text)
    const isNew = ({ start, end }: Finding): boolean => !parts.isKnown(text.slice(start, end))
    const news = found.filter(isNew)
    const replaced = [...redactions.values()].flat().filter(isNew)
    return { news, replaced, refusal: refusal !== undefined && news.includes(refusal) ? refusal : undefined }
  }

  /** What has no word in the canonical form is not said where it holds what may not be said. */
  const holdsForbidden = ({ extensions }: Extract<StreamEvent, { type: 'extension' }>): boolean => {
    const text = JSON.stringify(extensions)
    const { redactions, refusal } = look({ at: 'the answer', kind: 'text' }, text)
    return refusal !== undefined || redactions.size > 0
  }

  /** A part in one piece: what a provider's own tool found, a document, a picture's words. It is refused or goes on. */
  const onPart = (event: Extract<StreamEvent, { type: 'part' }>): readonly StreamEvent[] => {
    const { part } = event
    const text = part.type === 'text' || part.type === 'refusal' ? part.text : JSON.stringify(part)
    const at = `part ${event.index} of the answer`
    const { news, replaced, refusal } = judge({ at, kind: 'text' }, text)
    if (refusal !== undefined) return refuse(refusal, news)
    const isText = part.type === 'text' || part.type === 'refusal'
    parts.onFound(isText ? news : news.map((finding) => ({ ...finding, action: 'reported' as const })))
    if (!isText || replaced.length === 0) return [event]
    const { raw: _raw, ...rest } = part
    return [{ ...event, part: { ...rest, text: redacted(text, replaced, text.length) } }]
  }

  const refuse = ({ detector, type, at }: Found, news: readonly Found[]): readonly StreamEvent[] => {
    parts.onFound(news)
    isOver = true
    return [{ type: 'error', error: canonicalOf(answerRefused(detector, type, at)) }]
  }

  /** The text up to there, with placeholders. */
  const redacted = (text: string, findings: readonly Finding[], until: number): string => {
    let said = ''
    let at = 0
    for (const finding of findings) {
      if (finding.end > until) break
      said +=
        text.slice(at, finding.start) + parts.placeholder(finding, text.slice(finding.start, finding.end))
      at = finding.end
    }
    return said + text.slice(at, until)
  }

  /** Says what may be said of a part, and keeps the rest. */
  const release = (part: OpenPart, isWhole: boolean): readonly StreamEvent[] => {
    const { text, last } = part
    if (last === undefined || text === '') return []
    const { news, replaced, refusal } = judge(part, text)
    if (refusal !== undefined) return refuse(refusal, news)
    let until = isWhole ? text.length : Math.max(0, text.length - held)
    // What reaches into the rest may still grow.
    if (!isWhole) for (const { start, end } of news) if (start < until && end >= until) until = start
    if (isHighSurrogate(text.charCodeAt(until - 1)) && until < text.length) until -= 1
    parts.onFound(news.filter(({ end }) => end <= until))
    const said = redacted(text, replaced, until)
    part.text = text.slice(until)
    part.looksAt = part.text.length + held
    return said === '' ? [] : [withDeltaWords(last, said)]
  }

  const onDelta = (event: Delta): readonly StreamEvent[] => {
    const key = keyOf(event)
    const part = open.get(key) ?? openPart(event)
    open.set(key, part)
    if (!acts) {
      part.text += deltaWords(event) ?? ''
      return [event]
    }
    const pieces = part.last !== undefined && !isSamePiece(part.last, event) ? release(part, true) : []
    part.text += deltaWords(event) ?? ''
    part.last = event
    // A call waits until it is whole; a text is looked at again when there is something new to say of it.
    if (isOver || part.kind === 'tool-input' || part.text.length < part.looksAt) return pieces
    return [...pieces, ...release(part, false)]
  }
  const onEnd = (event: Extract<StreamEvent, { index: number }>): readonly StreamEvent[] => {
    const key = keyOf(event)
    const part = open.get(key)
    open.delete(key)
    if (part === undefined) return [event]
    if (acts) {
      const said = release(part, true)
      return isOver ? said : [...said, event]
    }
    parts.onFound(judge(part, part.text).news)
    return [event]
  }
  const releaseAll = (): readonly StreamEvent[] => {
    const said = [...open.values()].flatMap((part) => (isOver ? [] : release(part, true)))
    open.clear()
    return said
  }

  return {
    push(event) {
      if (isOver) return []
      switch (event.type) {
        case 'text-delta':
        case 'refusal-delta':
        case 'reasoning-delta':
        case 'tool-call-delta':
          return onDelta(event)
        case 'text-end':
        case 'refusal-end':
        case 'reasoning-end':
        case 'tool-call-end':
          return onEnd(event)
        case 'error':
        case 'finish': {
          const said = acts ? releaseAll() : []
          return isOver ? said : [...said, event]
        }
        case 'part':
          return onPart(event)
        case 'extension':
          return acts && holdsForbidden(event) ? [] : [event]
        default:
          return [event]
      }
    },
    end: () => (isOver || !acts ? [] : releaseAll()),
  }
}

/** The answer holds what the policy forbids. */
export const answerRefused = (detector: string, type: string, at: string): GatewayError =>
  new GatewayError(
    'gateway_firewall_refused',
    `the firewall ends this answer: ${detector} found ${type} in ${at}`,
  )

interface OpenPart {
  readonly at: string
  readonly kind: ScreenedText['kind']
  /** What is not said yet; where nothing is held, all of it. */
  text: string
  last: Delta | undefined
  /** How long the text is to be before it is looked at again. */
  looksAt: number
}

const openPart = (event: Delta): OpenPart => ({
  at: `${event.choice === undefined ? '' : `choice ${event.choice}, `}part ${event.index} of the answer`,
  kind:
    event.type === 'tool-call-delta' ? 'tool-input' : event.type === 'reasoning-delta' ? 'reasoning' : 'text',
  text: '',
  last: undefined,
  looksAt: 2 * held,
})

const keyOf = ({ choice, index }: { readonly choice?: number; readonly index: number }): string =>
  `${choice ?? 0}/${index}`

/** Pieces of thoughts are apart from each other. */
const isSamePiece = (a: Delta, b: Delta): boolean =>
  a.type !== 'reasoning-delta' || b.type !== 'reasoning-delta' || (a.piece === b.piece && a.kind === b.kind)

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
