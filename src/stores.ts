/** Every store that runs in a storage Worker, by the name that the main thread calls it. */
import { z } from 'zod'
import {
  type AdminTokenStore,
  type AuditLogStore,
  type CredentialStore,
  createAdminTokenStore,
  createAuditLogStore,
  createCredentialStore,
  createFirstStartStore,
  createKeyStore,
  createLoginStore,
  createPurposeKeyStore,
  createTenantStore,
  createUserStore,
  type FirstStartStore,
  type KeyStore,
  type LoginStore,
  type PurposeKeyStore,
  type TenantStore,
  type UserStore,
} from './accounts/index.ts'
import { type BudgetStore, createBudgetStore, createSpentStore, type SpentStore } from './budgets/index.ts'
import {
  type AuditStore,
  type CanaryStore,
  type CountCheckStore,
  createAuditStore,
  createCanaryStore,
  createCountCheckStore,
  createLedgerStore,
  createRollupStore,
  createShadowStore,
  type HandleWriter,
  type LedgerStore,
  type LedgerWriterOptions,
  type RollupStore,
  type ShadowStore,
} from './ledger/index.ts'
import { createPriceStore, type PriceStore } from './prices/index.ts'
import {
  type ConversationStore,
  createConversationStore,
  createHandleStore,
  createPlaceholderStore,
  createReasoningStore,
  createResponseStore,
  type HandleStore,
  handleKinds,
  insertHandles,
  type PlaceholderStore,
  type ReasoningStore,
  type ResponseStore,
} from './sessions/index.ts'
import type { Database } from './storage/index.ts'

export interface Stores {
  readonly adminTokens: AdminTokenStore
  readonly audit: AuditStore
  readonly budgets: BudgetStore
  readonly auditLog: AuditLogStore
  readonly canaries: CanaryStore
  readonly conversations: ConversationStore
  readonly countChecks: CountCheckStore
  readonly credentials: CredentialStore
  readonly firstStart: FirstStartStore
  readonly handles: HandleStore
  readonly keys: KeyStore
  readonly ledger: LedgerStore
  readonly placeholders: PlaceholderStore
  readonly prices: PriceStore
  readonly logins: LoginStore
  readonly purposeKeys: PurposeKeyStore
  readonly reasoning: ReasoningStore
  readonly responses: ResponseStore
  readonly rollups: RollupStore
  readonly shadow: ShadowStore
  readonly spent: SpentStore
  readonly tenants: TenantStore
  readonly users: UserStore
}

export const createStores = (
  database: Database,
  ledger: Omit<LedgerWriterOptions, 'writeHandles'>,
): Stores => ({
  adminTokens: createAdminTokenStore(database),
  audit: createAuditStore(database),
  budgets: createBudgetStore(database),
  auditLog: createAuditLogStore(database),
  canaries: createCanaryStore(database),
  conversations: createConversationStore(database),
  countChecks: createCountCheckStore(database),
  credentials: createCredentialStore(database),
  firstStart: createFirstStartStore(database),
  handles: createHandleStore(database),
  keys: createKeyStore(database),
  ledger: createLedgerStore(database, { ...ledger, writeHandles }),
  placeholders: createPlaceholderStore(database),
  prices: createPriceStore(database),
  logins: createLoginStore(database),
  purposeKeys: createPurposeKeyStore(database),
  reasoning: createReasoningStore(database),
  responses: createResponseStore(database),
  rollups: createRollupStore(database),
  shadow: createShadowStore(database),
  spent: createSpentStore(database),
  tenants: createTenantStore(database),
  users: createUserStore(database),
})

/** Handles travel through the ledger, and through its files, as JSON. */
const writeHandles: HandleWriter = (kysely, handles) =>
  insertHandles(
    kysely,
    handles.map((row) => handleRow.parse(row)),
  )

const handleRow = z.object({
  id: z.string(),
  kind: z.enum(handleKinds),
  tenant: z.object({
    organisation: z.string(),
    team: z.string().nullable(),
    user: z.string().nullable(),
    key: z.string().nullable(),
  }),
  provider: z.string(),
  credential: z.string(),
  created: z.number(),
  expires: z.number().nullable(),
})
