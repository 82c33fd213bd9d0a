import type { GenerateRequest, ProtocolId } from '../../ir/index.ts'
import type { Pass } from '../pass.ts'
import { cutAtStopStrings } from './cut-at-stop-strings.ts'

/**
 * Stop strings (translation.md P6): as many as the model takes are its own; the answer is cut at the others here.
 */
export const stopStrings: Pass = {
  name: 'stop strings',
  run(request, { target, warn }) {
    const { stop } = request.sampling
    if (request.protocol === target.protocol || stop === undefined) return { request }
    const wanted = [...new Set(stop)].filter((text) => text !== '')
    if (stop.includes('')) warn('dropped', 'stop string', 'sampling.stop', 'an empty one stops nothing')
    const native = wanted
      .filter((text) => isTaken(text, target.protocol))
      .slice(0, target.capabilities.stopSequences)
    const others = wanted.filter((text) => !native.includes(text))
    const left = withStop(request, native)
    if (others.length === 0) return { request: left }
    const { stream } = request
    const candidates = request.sampling.candidates ?? 1
    return { request: left, answer: () => cutAtStopStrings(others, { stream, candidates }) }
  },
}

/** Anthropic refuses strings of nothing but white space. */
const isTaken = (text: string, protocol: ProtocolId): boolean =>
  protocol !== 'anthropic-messages' || text.trim() !== ''

const withStop = (request: GenerateRequest, stop: readonly string[]): GenerateRequest => {
  const { stop: asked, ...rest } = request.sampling
  if (stop.length === asked?.length) return request
  return { ...request, sampling: stop.length === 0 ? rest : { ...rest, stop } }
}
