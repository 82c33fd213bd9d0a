import type { VirtualKeys } from './accounts/index.ts'
import type { AdminBudgets } from './admin/index.ts'
import type { BudgetBook, BudgetLevel, ListedBudget, Purse, Subject } from './budgets/index.ts'
import { GatewayError } from './errors.ts'

export interface AdminBudgetsParts {
  readonly book: BudgetBook
  readonly purse: Pick<Purse, 'look'>
  readonly keys: Pick<VirtualKeys, 'get'>
  readonly now: () => number
}

/** Budgets as the admin API shows and changes them. */
export const adminBudgets = ({ book, purse, keys, now }: AdminBudgetsParts): AdminBudgets => ({
  async list(organisation) {
    const at = now()
    return Promise.all(
      book.list(organisation).map(async (budget) => {
        const applied = book.table().ofAttempt(onlySubject(budget, at))
        const own = applied.filter((one) => one.budget.id === budget.id)
        // A state that is away must not hide what the limits are.
        return { budget, standings: await purse.look(own, at).catch(() => []) }
      }),
    )
  },
  async standingOfKey(id, organisation) {
    const key = await keys.get(id)
    if (organisation !== null && key.organisation !== organisation)
      throw new GatewayError('not_found', 'there is no such key')
    return purse.look(
      book.table().ofExchange({
        ...{ organisation: key.organisation, team: key.team, user: key.user, key: key.id, keyName: key.name },
        ...{ session: null, tags: [], at: now() },
      }),
      now(),
    )
  },
  create: book.create,
  update: book.update,
  remove: book.remove,
})

/** Somebody whom no budget but those for everybody, and those for one named id, are about. */
const onlySubject = ({ settings, organisation }: ListedBudget, at: number): Subject => {
  const named = (level: BudgetLevel): string | null =>
    settings.level === level && settings.match !== undefined && !/[*?]/.test(settings.match)
      ? settings.match
      : null
  return {
    organisation: named('organisation') ?? organisation ?? '',
    ...{ team: named('team'), user: named('user'), key: named('key'), keyName: '' },
    ...{ session: null, tags: [], at },
    target: { provider: named('provider') ?? '', model: named('model') ?? '' },
  }
}
