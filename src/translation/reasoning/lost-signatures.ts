import type { GenerateRequest, Part, Turn } from '../../ir/index.ts'
import type { TranslationContext } from '../pass.ts'

/**
 * Google's own value for a call whose signature is lost: the call is not checked
 * (https://ai.google.dev/gemini-api/docs/thought-signatures, November 2026).
 */
export const skipSignature = 'skip_thought_signature_validator'

/**
 * Gemini 3 and later refuse the first call of a step without its signature; parallel calls are not checked
 * (translation.md §7.4). They check the current turn alone, but every step gets one: the next request shall begin with
 * the bytes of this one.
 */
export const withSignatures = (
  request: GenerateRequest,
  { target, warn }: TranslationContext,
): GenerateRequest => {
  if (target.protocol !== 'gemini' || !target.capabilities.signaturesEnforced) return request
  let inStep = false
  let lost: string | undefined
  const turns = request.turns.map((turn, index): Turn => {
    if (turn.role !== 'assistant') {
      if (turn.parts.length > 0) inStep = false
      return turn
    }
    const first = inStep ? -1 : turn.parts.findIndex((part) => part.type === 'tool-call')
    const call = turn.parts[first]
    if (call === undefined) return turn
    inStep = true
    if (call.state !== undefined) return turn
    lost ??= call.at ?? turn.at ?? `turns[${index}].parts[${first}]`
    return { ...turn, parts: turn.parts.map((part) => (part === call ? skipped(part) : part)) }
  })
  if (lost === undefined) return request
  warn('approximated', 'thought signature', lost, 'it is lost, so the call goes unchecked')
  return { ...request, turns }
}

/** Raw source would be written as it is. */
const skipped = (part: Part): Part => {
  const { raw: _raw, ...rest } = part
  return { ...rest, state: { protocol: 'gemini', kind: 'thought-signature', value: skipSignature } }
}
