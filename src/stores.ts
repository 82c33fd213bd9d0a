/** Every store that runs in a storage Worker, by the name that the main thread calls it. */
import { z } from 'zod'
import {
  type AdminTokenStore,
  type CredentialStore,
  createAdminTokenStore,
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
import {
  type AuditStore,
  type CanaryStore,
  createAuditStore,
  createCanaryStore,
  createLedgerStore,
  createShadowStore,
  type HandleWriter,
  type LedgerStore,
  type LedgerWriterOptions,
  type ShadowStore,
} from './ledger/index.ts'
import {
  type ConversationStore,
  createConversationStore,
  createHandleStore,
  createReasoningStore,
  createResponseStore,
  type HandleStore,
  handleKinds,
  insertHandles,
  type ReasoningStore,
  type ResponseStore,
} from './sessions/index.ts'
import type { Database } from './storage/index.ts'

export interface Stores {
  readonly adminTokens: AdminTokenStore
  readonly audit: AuditStore
  readonly canaries: CanaryStore
  readonly conversations: ConversationStore
  readonly credentials: CredentialStore
  readonly firstStart: FirstStartStore
  readonly handles: HandleStore
  readonly keys: KeyStore
  readonly ledger: LedgerStore
  readonly logins: LoginStore
  readonly purposeKeys: PurposeKeyStore
  readonly reasoning: ReasoningStore
  readonly responses: ResponseStore
  readonly shadow: ShadowStore
  readonly tenants: TenantStore
  readonly users: UserStore
}

export const createStores = (
  database: Database,
  ledger: Omit<LedgerWriterOptions, 'writeHandles'>,
): Stores => ({
  adminTokens: createAdminTokenStore(database),
  audit: createAuditStore(database),
  canaries: createCanaryStore(database),
  conversations: createConversationStore(database),
  credentials: createCredentialStore(database),
  firstStart: createFirstStartStore(database),
  handles: createHandleStore(database),
  keys: createKeyStore(database),
  ledger: createLedgerStore(database, { ...ledger, writeHandles }),
  logins: createLoginStore(database),
  purposeKeys: createPurposeKeyStore(database),
  reasoning: createReasoningStore(database),
  responses: createResponseStore(database),
  shadow: createShadowStore(database),
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
