export {
  type AmberPolicy,
  type Budget,
  type BudgetLevel,
  type BudgetMode,
  type BudgetUnit,
  budgetLevels,
  budgetModes,
  type Standing,
  worseZone,
  type Zone,
} from './budget.ts'
export { type BudgetBook, createBudgetBook, type ListedBudget } from './budget-book.ts'
export { type BudgetStore, createBudgetStore } from './budget-store.ts'
export { type Applied, type BudgetTable, createBudgetTable, type Subject } from './budget-table.ts'
export { createPurse, type Hold, type HoldResult, type Purse, type Wanted } from './purse.ts'
export { amountText, budgetExceeded, budgetName, costUnbounded, periodText } from './refusal.ts'
export { type BudgetSettings, budgetSettings, toBudget } from './settings.ts'
export { createSpentStore, type SpentQuery, type SpentStore } from './spent-store.ts'
