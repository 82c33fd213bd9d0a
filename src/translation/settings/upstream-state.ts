import type { Pass } from '../pass.ts'

/**
 * State that another provider would have to hold: earlier answers, conversations, jobs (translation.md P24, P25). The
 * gateway's own store resolves what it knows before any pass runs; what is left cannot be answered.
 */
export const upstreamState: Pass = {
  name: 'upstream state',
  run(request, { target, refuse }) {
    if (request.protocol === target.protocol) return { request }
    if (request.previousResponseId !== undefined) {
      refuse('an earlier answer', 'previousResponseId', 'another provider holds it; send the whole history')
    }
    if (request.conversation !== undefined) {
      refuse('a stored conversation', 'conversation', 'another provider holds it; send the whole history')
    }
    if (request.background === true) refuse('background mode', 'background', 'this provider runs no jobs')
    if (request.background === undefined) return { request }
    const { background: _background, ...rest } = request
    return { request: rest }
  },
}
