import {
  carriesSecrets,
  createAnswerWatch,
  type Firewall,
  type FirewallPolicy,
  type Found,
  filterLinkStream,
  hasForeignContent,
  judgeCalls,
  placeholderOf,
  type Redaction,
  restoreStream,
  signsReasoning,
  type ToolContext,
  wordsOf,
} from '../../firewall/index.ts'
import type { StreamEvent } from '../../ir/index.ts'
import type { Protocol, ScannedRequest } from '../../protocols/index.ts'
import type { Machine } from '../../wire/index.ts'

type EventMachine = Machine<StreamEvent, StreamEvent>

export interface AnswerMachineParts {
  readonly firewall: Firewall
  readonly policy: FirewallPolicy
  readonly protocol: Protocol
  /** As it goes to the provider. */
  readonly request: ScannedRequest
  readonly placeholderKey: Uint8Array
  readonly redaction: Redaction
  /** What the request was found to hold, and the values themselves. */
  readonly found: readonly Found[]
  readonly values: ReadonlySet<string>
  readonly onFound: (found: readonly Found[]) => void
}

/** What looks at an answer, in order: first as the model said it, then values come back in place of placeholders. */
export const answerMachines = (
  parts: AnswerMachineParts,
  listeners: readonly EventMachine[] = [],
): readonly EventMachine[] => {
  const { redaction, protocol } = parts
  return [
    ...answerWatchers(parts),
    ...listeners,
    ...(redaction.map.restores
      ? [restoreStream(redaction.map, { signedReasoning: signsReasoning(protocol.id) })]
      : []),
  ]
}

/** What looks at an answer as the model said it. */
export const answerWatchers = (parts: AnswerMachineParts): readonly EventMachine[] => {
  const { policy } = parts
  const outside = ['tools', 'links', ...parts.firewall.sidecars.ids]
  const watches = parts.firewall.detectors.some(
    (name) => !outside.includes(name) && policy.mode(name, 'output') !== 'off',
  )
  return [
    ...(policy.mode('tools', 'output') === 'off' ? [] : [calls(parts)]),
    ...(policy.mode('links', 'output') === 'off' ? [] : [links(parts)]),
    ...(watches ? [watch(parts)] : []),
  ]
}

const watch = ({ firewall, policy, placeholderKey, values, onFound }: AnswerMachineParts): EventMachine =>
  createAnswerWatch({
    screen: firewall.screen,
    policy,
    placeholder: ({ type }, value) => placeholderOf(placeholderKey, type, value),
    isKnown: (value) => values.has(value),
    onFound,
  })

const calls = (parts: AnswerMachineParts): EventMachine => {
  const isActing = parts.policy.mode('tools', 'output') === 'enforce'
  return judgeCalls({
    judge: parts.firewall.tools.judge,
    context: () => contextOf(parts),
    isActing,
    onVerdict: ({ name }, verdict) =>
      parts.onFound([
        {
          ...{ detector: 'tools', type: `${(verdict.class ?? 'any').toUpperCase()}_CALL` },
          ...{ rule: verdict.rule ?? 'none', start: 0, end: 0, confidence: 1, direction: 'output' },
          at: `the call of ${name}`,
          action: isActing ? 'refused' : 'reported',
        },
      ]),
  })
}

/** What the conversation says about a call; it takes a decode, so only answers with calls pay. */
const contextOf = ({ firewall, protocol, request, redaction, found }: AnswerMachineParts): ToolContext => {
  const { foreign } = firewall.tools
  // Answers that the provider kept are asked for by their name alone.
  const decoded =
    request.endpoint.operation === 'generate' ? protocol.generate?.decodeRequest(request) : undefined
  if (decoded === undefined) return { isUntrusted: true, isSeen: () => false, carriesSecret: () => false }
  const secrets = new Set(found.flatMap(({ detector, type }) => (detector === 'secrets' ? [type] : [])))
  return {
    isUntrusted: hasForeignContent(decoded, foreign),
    isSeen: wordsOf(decoded, foreign),
    carriesSecret: carriesSecrets(redaction.map, (type) => secrets.has(type)),
  }
}

/** Links and pictures that point elsewhere; where the policy only tells, what the filter says is not said. */
const links = ({ firewall, policy, onFound }: AnswerMachineParts): EventMachine => {
  const filter = filterLinkStream(firewall.tools.hosts)
  const isActing = policy.mode('links', 'output') !== 'monitor'
  let told = 0
  const tell = (): void => {
    for (; told < filter.blocked; told += 1) {
      onFound([
        {
          ...{ detector: 'links', type: 'FOREIGN_LINK', rule: 'hosts', start: 0, end: 0, confidence: 1 },
          ...{ direction: 'output', at: 'the answer', action: isActing ? 'redacted' : 'reported' },
        },
      ])
    }
  }
  return {
    push(event) {
      const said = filter.push(event)
      tell()
      return isActing ? said : [event]
    },
    end() {
      const said = filter.end()
      tell()
      return isActing ? said : []
    },
  }
}
