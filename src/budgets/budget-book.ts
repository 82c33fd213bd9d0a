import { randomUUID } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { Budget } from './budget.ts'
import type { BudgetRow, BudgetStore } from './budget-store.ts'
import { type BudgetTable, createBudgetTable } from './budget-table.ts'
import { type BudgetSettings, budgetSettings, toBudget } from './settings.ts'

/** A budget with what was given for it. */
export interface ListedBudget {
  readonly id: string
  readonly organisation: string | null
  /** `config`: it stands in the configuration, and is changed there. */
  readonly source: 'config' | 'stored'
  readonly settings: BudgetSettings
}

/** All budgets: those of the configuration, and those that were made since. */
export interface BudgetBook {
  readonly table: () => BudgetTable
  /** Takes over the budgets of a configuration. */
  configure(settings: readonly BudgetSettings[]): void
  /** Reads what other processes changed. */
  reload(): Promise<void>
  /** @param organisation only what holds there; null for all */
  list(organisation: string | null): readonly ListedBudget[]
  /** Throws `gateway_request_invalid`. */
  create(organisation: string | null, input: unknown): Promise<ListedBudget>
  /** Throws `gateway_request_invalid`, `not_found`, and `conflict` for those of the configuration. */
  update(organisation: string | null, id: string, input: unknown): Promise<ListedBudget>
  /** Throws `not_found`, and `conflict` for those of the configuration. */
  remove(organisation: string | null, id: string): Promise<void>
}

export interface BudgetBookParts {
  readonly store: BudgetStore
  readonly now: () => number
  readonly onProblem: (message: string, error: unknown) => void
}

export const createBudgetBook = ({ store, now, onProblem }: BudgetBookParts): BudgetBook => {
  let configured: readonly ListedBudget[] = []
  let stored: readonly ListedBudget[] = []
  let rows: readonly BudgetRow[] = []
  let table = createBudgetTable([])

  const build = (): void => {
    table = createBudgetTable([...configured, ...stored].map(asBudget))
  }
  const take = (next: readonly BudgetRow[]): void => {
    rows = next
    stored = next.flatMap((row) => {
      try {
        return [listedOf(row)]
      } catch (error) {
        // One that nobody can read must not end the others; it is there to be mended.
        onProblem(`the stored budget ${row.id} cannot be read`, error)
        return []
      }
    })
    build()
  }
  const write = async (row: BudgetRow): Promise<ListedBudget> => {
    await store.put(row)
    take([...rows.filter(({ id }) => id !== row.id), row])
    return listedOf(row)
  }
  const find = (organisation: string | null, id: string): BudgetRow => {
    if (configured.some((one) => one.id === id)) {
      throw new GatewayError('conflict', 'this budget stands in the configuration; change it there')
    }
    const row = rows.find((one) => one.id === id)
    if (row === undefined || (organisation !== null && row.organisation !== organisation))
      throw new GatewayError('not_found', 'there is no such budget')
    return row
  }

  return {
    table: () => table,
    configure(settings) {
      configured = distinct(
        settings.map((one) => ({ ...listed(one, null), id: toBudget(one).id, source: 'config' as const })),
      )
      build()
    },
    async reload() {
      const next = await store.all()
      if (JSON.stringify(next) !== JSON.stringify(rows)) take(next)
    },
    list: (organisation) =>
      [...configured, ...stored].filter(
        (one) => organisation === null || one.organisation === null || one.organisation === organisation,
      ),
    create(organisation, input) {
      const settings = JSON.stringify(checked(input))
      const at = now()
      return write({ id: `budget_${randomUUID()}`, organisation, settings, createdAt: at, updatedAt: at })
    },
    update(organisation, id, input) {
      const row = find(organisation, id)
      const given = typeof input === 'object' && input !== null ? input : {}
      const before: unknown = JSON.parse(row.settings)
      const merged = { ...(typeof before === 'object' ? before : {}), ...given }
      return write({ ...row, settings: JSON.stringify(checked(merged)), updatedAt: now() })
    },
    async remove(organisation, id) {
      find(organisation, id)
      await store.remove(id)
      take(rows.filter((row) => row.id !== id))
    },
  }
}

const listed = (settings: BudgetSettings, organisation: string | null) => ({
  id: '',
  organisation,
  source: 'stored' as const,
  settings,
})

const listedOf = ({ id, organisation, settings }: BudgetRow): ListedBudget => ({
  ...listed(budgetSettings.parse(JSON.parse(settings)), organisation),
  id,
})

const asBudget = ({ settings, organisation, id }: ListedBudget): Budget =>
  toBudget(settings, organisation, id)

/** Two of the same kind share what was spent, but each is held for itself. */
const distinct = (budgets: readonly ListedBudget[]): readonly ListedBudget[] => {
  const seen = new Map<string, number>()
  return budgets.map((one) => {
    const before = seen.get(one.id) ?? 0
    seen.set(one.id, before + 1)
    return before === 0 ? one : { ...one, id: `${one.id}-${before + 1}` }
  })
}

/** What was given, in the words that it was given in: parsing it again must read the same. */
const checked = (input: unknown): unknown => {
  const parsed = budgetSettings.safeParse(input)
  if (parsed.success) return input
  const [issue] = parsed.error.issues
  const param = issue?.path.map(String).join('.') ?? ''
  throw new GatewayError(
    'gateway_request_invalid',
    `${param === '' ? 'budget' : param}: ${issue?.message ?? 'wrong'}`,
    {
      param,
    },
  )
}
