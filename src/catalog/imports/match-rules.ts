import type { MatchRule } from '../price-data.ts'

/** A rule of genai-prices: which model ids are meant. */
export type MatchLogic =
  | { readonly or: readonly MatchLogic[] }
  | { readonly and: readonly MatchLogic[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }

/**
 * Turns a rule of genai-prices into rules of `model-matcher.ts`, any of which must fit. Regular expressions become
 * templates, so that the gateway runs none; throws for one that no template can say.
 */
export const toMatchRules = (logic: MatchLogic): readonly MatchRule[] => {
  if ('or' in logic) return logic.or.flatMap(toMatchRules)
  if ('and' in logic) return [{ all: logic.and.map(single) }]
  if ('equals' in logic) return [`=${logic.equals.toLowerCase()}`]
  if ('starts_with' in logic) return [`^${logic.starts_with.toLowerCase()}`]
  if ('ends_with' in logic) return [`$${logic.ends_with.toLowerCase()}`]
  if ('contains' in logic) return [`*${logic.contains.toLowerCase()}`]
  return [regexRule(logic.regex)]
}

const single = (logic: MatchLogic): MatchRule => {
  const [rule, ...others] = toMatchRules(logic)
  if (rule === undefined || others.length > 0) throw new Error('no rule says alternatives inside "and"')
  return rule
}

const speechModels = '^(?!.*-[tT][tT][sS](?:$|-))'

/** One digit, so many digits, an escaped character, or one that stands for itself. */
const piece = /\\d\{(\d{1,2})\}|(\\d)|\\([.[\]])|([a-z0-9/@:=_-])/iy

/** `^literal-\d{8}$` becomes `#literal-########`; without the `$` a `*` follows. */
const regexRule = (regex: string): MatchRule => {
  if (regex === speechModels) return { not: ['$-tts', '*-tts-'] }
  const body = regex.replace(/^\^/, '').replace(/\$$/, '')
  let template = ''
  piece.lastIndex = 0
  while (piece.lastIndex < body.length) {
    const [, count, digit, escaped, plain] = piece.exec(body) ?? []
    if (!regex.startsWith('^') || (count ?? digit ?? escaped ?? plain) === undefined)
      throw new Error(`no rule says the expression ${regex.slice(0, 200)}`)
    template += digit ? '#' : '#'.repeat(Number(count ?? 0)) + (escaped ?? plain ?? '').toLowerCase()
  }
  return `#${template}${regex.endsWith('$') ? '' : '*'}`
}
