import { type Kysely, type Migration, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/**
 * Every change that an administrator made. Each row holds the hash of the one before it, and `audit_log_head` what
 * the last one is, so that a row that was changed, taken out or cut off is found. The database itself refuses to
 * change rows.
 */
export const auditLogMigration = (kind: DatabaseKind): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await kysely.schema
      .createTable('audit_log')
      .addColumn('number', 'bigint', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('actor_type', 'text', (column) => column.notNull())
      .addColumn('actor_id', 'text', (column) => column.notNull())
      .addColumn('actor_name', 'text', (column) => column.notNull())
      .addColumn('address', 'text')
      .addColumn('organisation_id', 'text')
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('status', 'bigint')
      .addColumn('before', 'text')
      .addColumn('after', 'text')
      .addColumn('previous_hash', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await kysely.schema.createIndex('audit_log_at').on('audit_log').columns(['at']).execute()
    await kysely.schema
      .createTable('audit_log_head')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await sql`insert into audit_log_head (id, number, hash) values (1, 0, '')`.execute(kysely)
    for (const statement of kind === 'sqlite' ? guardsOnSqlite : guardsOnPostgres)
      await sql.raw(statement).execute(kysely)
  },
})

const refusal = 'rows of the audit log are never changed'

const guardsOnSqlite = ['update', 'delete'].map(
  (change) =>
    `create trigger audit_log_no_${change} before ${change} on audit_log begin
      select raise(abort, '${refusal}');
    end`,
)

const guardsOnPostgres = [
  `create function refuse_audit_change() returns trigger language plpgsql as $$ begin
    raise exception '${refusal}';
  end $$`,
  `create trigger audit_log_no_change before update or delete or truncate on audit_log
    for each statement execute function refuse_audit_change()`,
]
