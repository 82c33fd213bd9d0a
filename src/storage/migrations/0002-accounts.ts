import { type Kysely, type Migration, sql } from 'kysely'

/** Organisations (with the default one), teams, users, virtual keys, admin tokens, purpose keys, credentials. */
export const accountsMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await createTenants(kysely)
    await createKeys(kysely)
    await createAdminTokens(kysely)
    await createVault(kysely)
    await sql`insert into account_versions (name, version) values ('accounts', 0)`.execute(kysely)
    await sql`insert into organisations (id, name, created_at) values ('org_default', 'default', 0)`.execute(
      kysely,
    )
  },
})

const createTenants = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('account_versions')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute()
  await kysely.schema
    .createTable('organisations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await kysely.schema
    .createTable('teams')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull().references('organisations.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('teams_name', ['organisation_id', 'name'])
    .execute()
  // No reference to teams: the ids of a removed team stay readable in old rows.
  await kysely.schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull().references('organisations.id'))
    .addColumn('team_id', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('users_email', ['organisation_id', 'email'])
    .execute()
}

const createKeys = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('virtual_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull().references('organisations.id'))
    .addColumn('team_id', 'text')
    .addColumn('user_id', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('options', 'text', (column) => column.notNull())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('disabled', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute()
  const index = (name: string, columns: string[]) =>
    kysely.schema.createIndex(name).on('virtual_keys').columns(columns).execute()
  await index('virtual_keys_version', ['version', 'id'])
  await index('virtual_keys_organisation', ['organisation_id', 'id'])
  await kysely.schema
    .createTable('key_secrets')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('key_id', 'text', (column) => column.notNull().references('virtual_keys.id'))
    .addColumn('organisation_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .execute()
  await kysely.schema.createIndex('key_secrets_key').on('key_secrets').column('key_id').execute()
}

const createAdminTokens = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('admin_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull().unique())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute()
  await kysely.schema
    .createIndex('admin_tokens_version')
    .on('admin_tokens')
    .columns(['version', 'id'])
    .execute()
  await kysely.schema
    .createTable('first_start')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('admin_token_id', 'text')
    .addColumn('key_id', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('shown_at', 'bigint')
    .execute()
}

const createVault = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('purpose_keys')
    .addColumn('purpose', 'text', (column) => column.primaryKey())
    .addColumn('wrapped', 'text', (column) => column.notNull())
    .addColumn('master_key_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await kysely.schema
    .createTable('credentials')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull().references('organisations.id'))
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('shown', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('credentials_label', ['organisation_id', 'provider', 'label'])
    .execute()
}
