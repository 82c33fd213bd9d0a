export {
  type AdminToken,
  type AdminTokenState,
  type AdminTokenStore,
  createAdminTokenStore,
} from './admin-token-store.ts'
export {
  type AdminIdentity,
  type AdminTokens,
  createAdminTokens,
  type IssuedAdminToken,
  type NewAdminToken,
} from './admin-tokens.ts'
export {
  type AuditEntry,
  type AuditLogQuery,
  type AuditLogStore,
  type AuditLogVerdict,
  createAuditLogStore,
  type NewAuditEntry,
} from './audit-log-store.ts'
export {
  type CredentialState,
  type CredentialStore,
  createCredentialStore,
  type SealedCredential,
} from './credential-store.ts'
export {
  type CredentialInfo,
  type Credentials,
  createCredentials,
  type OpenCredential,
} from './credentials.ts'
export { type FirstStart, type FirstStartParts, firstStart, type Presets } from './first-start.ts'
export { createFirstStartStore, type FirstStartStore } from './first-start-store.ts'
export { compileGlob, type Glob } from './glob.ts'
export { allows, type KeyIdentity, keyIdentity, systemIdentity } from './key-identity.ts'
export { type KeyLimits, keyLimitsSchema } from './key-limits.ts'
export { type KeyOptions, type KeyRouting, keyOptionsSchema } from './key-options.ts'
export { createKeyRing, type KeyRing } from './key-ring.ts'
export { createKeyStore, type KeyFilter, type KeyStore } from './key-store.ts'
export { createKeyUsage, type KeyUsage } from './key-usage.ts'
export {
  createLoginStore,
  type LoginStore,
  type SessionFilter,
  type SignedIn,
  type UserSession,
} from './login-store.ts'
export {
  type Browser,
  createLogins,
  type LoginLink,
  type Logins,
  linkLifetime,
  loginTokenPrefix,
  type NewSession,
  type SessionQuery,
  sessionTokenPrefix,
} from './logins.ts'
export { loadMasterKey, type MasterKeySource } from './master-key.ts'
export { parseInput } from './parse-input.ts'
export { type MasterKey, parseMasterKey } from './parse-master-key.ts'
export { givableBy, mayDo, type Permission, permissions, type Role, roles } from './permission.ts'
export {
  createPurposeKeyStore,
  masterKeysOf,
  type PurposeKeyStore,
  type WrappedKey,
} from './purpose-key-store.ts'
export { type Purpose, purposes } from './purposes.ts'
export { type MasterKeyRotation, type RotatedMasterKey, rotateMasterKey } from './rotate-master-key.ts'
export { type KeyScopes, keyScopesSchema, unlimitedScopes, type Wanted } from './scopes.ts'
export { mask, Secret } from './secret.ts'
export { parseTags, tagsHeader } from './tags.ts'
export { defaultOrganisation, type Tenant } from './tenant.ts'
export {
  createTenantStore,
  type Organisation,
  type Team,
  type TenantStore,
} from './tenant-store.ts'
export {
  createTenants,
  type NewOrganisation,
  type NewTeam,
  newOrganisationSchema,
  newTeamSchema,
  type Tenants,
} from './tenants.ts'
export { adminTokenPrefix, virtualKeyPrefix } from './token.ts'
export { createTokenDigest, type TokenDigest } from './token-digest.ts'
export {
  type Authority,
  type NewUser,
  newUserSchema,
  operator,
  type User,
  type UserChange,
  type UserFilter,
  type UserState,
  userChangeSchema,
  userFilterSchema,
  userStates,
} from './user.ts'
export { type ImportedRow, type ImportReport, type UserImport, userImportSchema } from './user-csv.ts'
export { createUserStore, type UserStore } from './user-store.ts'
export { type ChangedUser, createRootAdmin, createUsers, rootAddress, type Users } from './users.ts'
export { openVault, type SealPlace, type Vault } from './vault.ts'
export { formatVaultReference, parseVaultReference, type VaultReference } from './vault-reference.ts'
export {
  type KeyChange,
  type KeyMetadata,
  type KeyState,
  keyChangeSchema,
  type NewKey,
  newKeySchema,
  type VirtualKey,
} from './virtual-key.ts'
export { createVirtualKeys, type IssuedKey, type VirtualKeys } from './virtual-keys.ts'
