import type { Database } from '../storage/index.ts'

/** A budget as it was given; what it says is read by `budgetSettings`. Times are milliseconds since 1970. */
export interface BudgetRow {
  readonly id: string
  /** The only organisation that it holds for; null for all. */
  readonly organisation: string | null
  /** JSON. */
  readonly settings: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** Budgets that are made while the gateway runs. */
export interface BudgetStore {
  all(): Promise<readonly BudgetRow[]>
  put(row: BudgetRow): Promise<void>
  /** Whether there was one. */
  remove(id: string): Promise<boolean>
}

export const createBudgetStore = ({ kysely }: Pick<Database, 'kysely'>): BudgetStore => ({
  async all() {
    const rows = await kysely.selectFrom('budgets').selectAll().orderBy('id').execute()
    return rows.map(({ id, organisation_id, settings, created_at, updated_at }) => ({
      ...{ id, organisation: organisation_id, settings },
      ...{ createdAt: Number(created_at), updatedAt: Number(updated_at) },
    }))
  },
  async put({ id, organisation, settings, createdAt, updatedAt }) {
    await kysely
      .insertInto('budgets')
      .values({ id, organisation_id: organisation, settings, created_at: createdAt, updated_at: updatedAt })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ settings, updated_at: updatedAt }))
      .execute()
  },
  async remove(id) {
    const removed = await kysely.deleteFrom('budgets').where('id', '=', id).executeTakeFirstOrThrow()
    return removed.numDeletedRows > 0n
  },
})
