import { GatewayError } from '../errors.ts'
import { globTest } from '../ir/index.ts'
import type { MatchRule } from './price-data.ts'

/**
 * Compiles a rule about a model id in lower case. The first character says what the rest is:
 * `=` the whole id, `^` its start, `$` its end, `*` a part of it, `#` a template of the whole id in which `#` stands
 * for one digit and a last `*` for anything. Every matcher is linear in the id; none is a regular expression.
 */
export const compileRule = (rule: MatchRule): ((id: string) => boolean) => {
  if (typeof rule !== 'string') {
    if ('all' in rule) {
      const all = rule.all.map(compileRule)
      return (id) => all.every((fits) => fits(id))
    }
    const none = rule.not.map(compileRule)
    return (id) => !none.some((fits) => fits(id))
  }
  const text = rule.slice(1)
  switch (rule[0]) {
    case '=':
      return (id) => id === text
    case '^':
      return (id) => id.startsWith(text)
    case '$':
      return (id) => id.endsWith(text)
    case '*':
      return (id) => id.includes(text)
    case '#':
      return compileTemplate(text)
    default:
      throw new GatewayError('gateway_internal', `the catalogue has a rule of an unknown kind: ${rule}`)
  }
}

/** Compiles a pattern of a user for ids in lower case: `*` stands for any text, also none; letter case does not count. */
export const compileGlob = (pattern: string): ((id: string) => boolean) => globTest(pattern.toLowerCase())

const compileTemplate = (text: string): ((id: string) => boolean) => {
  const open = text.endsWith('*')
  const template = open ? text.slice(0, -1) : text
  return (id) => {
    if (open ? id.length < template.length : id.length !== template.length) return false
    for (let index = 0; index < template.length; index++) {
      const wanted = template[index]
      const given = id[index] ?? ''
      if (wanted === '#' ? given < '0' || given > '9' : given !== wanted) return false
    }
    return true
  }
}
