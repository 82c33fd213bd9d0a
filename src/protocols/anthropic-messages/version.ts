/**
 * `2023-06-01`: null members may be left out. `2026-10-21`: every nullable member is present (translation.md §10).
 * The client names it in `anthropic-version`; who does not is an old client.
 */
export type AnswerShape = 'sparse' | 'full'

/** Versions are dates, so they compare as text. */
export const answerShape = (headers: Headers): AnswerShape =>
  (headers.get('anthropic-version') ?? '') >= '2026-10-21' ? 'full' : 'sparse'
