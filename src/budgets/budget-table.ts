import { compileGlob, type Glob } from '../accounts/index.ts'
import type { Budget, BudgetLevel } from './budget.ts'
import { spanAt } from './calendar.ts'

/** Who and what an exchange, or one attempt of it, is about. What is absent is not known yet, or there is none. */
export interface Subject {
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly key: string | null
  readonly keyName: string
  readonly session: string | null
  readonly tags: readonly string[]
  readonly target?: { readonly provider: string; readonly model: string }
  /** When the exchange began: all that it costs is counted in the periods of that moment. */
  readonly at: number
}

/** A budget with the one counter that an exchange is about. */
export interface Applied {
  readonly budget: Budget
  /** Id of whom the counter is for; null for everybody together. */
  readonly subject: string | null
  /** Name of the counter. */
  readonly key: string
  readonly start: number
  readonly end: number | null
}

export interface BudgetTable {
  readonly isEmpty: boolean
  /** Budgets of the whole exchange: who sends it, its session and tags. */
  ofExchange(subject: Subject): readonly Applied[]
  /** Those of the target of one attempt as well. */
  ofAttempt(subject: Subject): readonly Applied[]
  readonly budgets: readonly Budget[]
}

interface Compiled {
  readonly budget: Budget
  readonly matches: Glob
}

/** Which budgets apply to whom. */
export const createBudgetTable = (budgets: readonly Budget[]): BudgetTable => {
  const compiled = budgets.map((budget) => ({ budget, matches: compileGlob(budget.match ?? '*') }))
  const ofExchange = compiled.filter(({ budget }) => !isOfTarget(budget.level))
  const ofTarget = compiled.filter(({ budget }) => isOfTarget(budget.level))
  const spans = new Map<string, ReturnType<typeof spanAt>>()

  /** A calendar is slow to ask, and answers the same for hours. */
  const spanOf = ({ id, period, timezone }: Budget, at: number): ReturnType<typeof spanAt> => {
    const known = spans.get(id)
    if (known?.end != null && at >= known.start && at < known.end) return known
    const span = spanAt(period, timezone, at)
    spans.set(id, span)
    return span
  }
  const applied = (list: readonly Compiled[], subject: Subject): Applied[] => {
    const found: Applied[] = []
    for (const { budget, matches } of list) {
      if (budget.organisation !== null && budget.organisation !== subject.organisation) continue
      for (const [id, names] of subjectsOf(budget.level, subject)) {
        if (budget.match !== null && !names.some(matches)) continue
        const span = spanOf(budget, subject.at)
        const key = `budget/${budget.id}/${id ?? ''}/${span.name}`
        found.push({ budget, subject: id, key, start: span.start, end: span.end })
      }
    }
    return found
  }
  return {
    budgets,
    isEmpty: budgets.length === 0,
    ofExchange: (subject) => (ofExchange.length === 0 ? [] : applied(ofExchange, subject)),
    ofAttempt: (subject) => [
      ...(ofExchange.length === 0 ? [] : applied(ofExchange, subject)),
      ...(ofTarget.length === 0 ? [] : applied(ofTarget, subject)),
    ],
  }
}

const isOfTarget = (level: BudgetLevel): boolean => level === 'model' || level === 'provider'

/** Ids that have a counter of their own on a level, with the names that a pattern may mean. */
const subjectsOf = (
  level: BudgetLevel,
  subject: Subject,
): readonly (readonly [id: string | null, names: readonly string[]])[] => {
  const one = (id: string | null | undefined, ...names: readonly string[]) =>
    id === null || id === undefined ? [] : [[id, [id, ...names]] as const]
  switch (level) {
    case 'global':
      return [[null, []]]
    case 'organisation':
      return one(subject.organisation)
    case 'team':
      return one(subject.team)
    case 'user':
      return one(subject.user)
    case 'key':
      return one(subject.key, subject.keyName)
    case 'session':
      // Clients choose the names of sessions: two organisations may choose the same.
      return subject.session === null
        ? []
        : [[`${subject.organisation}/${subject.session}`, [subject.session]]]
    case 'tag':
      return subject.tags.map((tag) => [`${subject.organisation}/${tag}`, [tag]])
    case 'model':
      return one(subject.target?.model)
    case 'provider':
      return one(subject.target?.provider)
  }
}
