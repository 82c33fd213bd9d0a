import type { Migration } from 'kysely'
import type { DatabaseKind } from '../database.ts'
import { ledgerMigration } from './0001-ledger.ts'
import { accountsMigration } from './0002-accounts.ts'
import { handlesMigration } from './0003-handles.ts'
import { reasoningMigration } from './0004-reasoning.ts'
import { responsesMigration } from './0005-responses.ts'
import { shadowMigration } from './0006-shadow.ts'
import { driftMigration } from './0007-drift.ts'
import { finishReasonMigration } from './0008-finish-reason.ts'
import { canariesMigration } from './0009-canaries.ts'
import { identityMigration } from './0010-identity.ts'
import { tagsMigration } from './0011-tags.ts'
import { usageRollupsMigration } from './0012-usage-rollups.ts'
import { auditLogMigration } from './0013-audit-log.ts'
import { pricesMigration } from './0014-prices.ts'
import { budgetsMigration } from './0015-budgets.ts'
import { firewallMigration } from './0016-firewall.ts'
import { placeholdersMigration } from './0017-placeholders.ts'
import { answerCacheMigration } from './0018-answer-cache.ts'
import { promptCacheMigration } from './0019-prompt-cache.ts'
import { compressMigration } from './0020-compress.ts'
import { countChecksMigration } from './0021-count-checks.ts'

/**
 * Every migration, by number. They only go forward and are never edited once released: a change is a new file and
 * a new line here. A migration runs inside one transaction on both databases.
 */
export const migrations: Readonly<Record<string, (kind: DatabaseKind) => Migration>> = {
  '0001-ledger': ledgerMigration,
  '0002-accounts': accountsMigration,
  '0003-handles': handlesMigration,
  '0004-reasoning': reasoningMigration,
  '0005-responses': responsesMigration,
  '0006-shadow': shadowMigration,
  '0007-drift': driftMigration,
  '0008-finish-reason': finishReasonMigration,
  '0009-canaries': canariesMigration,
  '0010-identity': identityMigration,
  '0011-tags': tagsMigration,
  '0012-usage-rollups': usageRollupsMigration,
  '0013-audit-log': auditLogMigration,
  '0014-prices': pricesMigration,
  '0015-budgets': budgetsMigration,
  '0016-firewall': firewallMigration,
  '0017-placeholders': placeholdersMigration,
  '0018-answer-cache': answerCacheMigration,
  '0019-prompt-cache': promptCacheMigration,
  '0020-compress': compressMigration,
  '0021-count-checks': countChecksMigration,
}
