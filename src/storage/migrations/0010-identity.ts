import { type Kysely, type Migration, sql } from 'kysely'

/**
 * Users get role, state and times, their addresses are kept in lower case and are free again once the user is deleted;
 * keys know that their user is suspended; sessions and sign-in links of users.
 */
export const identityMigration = (): Migration => ({
  up: async (kysely: Kysely<unknown>) => {
    await rebuildUsers(kysely)
    await kysely.schema
      .alterTable('virtual_keys')
      .addColumn('suspended', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await kysely.schema.createIndex('virtual_keys_user').on('virtual_keys').column('user_id').execute()
    await createSessions(kysely)
    await createLinks(kysely)
  },
})

/** SQLite cannot take a constraint off a table, so both databases get a new one. Nothing references it. */
const rebuildUsers = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('users_with_roles')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull().references('organisations.id'))
    .addColumn('team_id', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('root', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('last_login_at', 'bigint')
    .addColumn('deleted_at', 'bigint')
    .execute()
  // Of addresses that differ in case only, the oldest user keeps it.
  await sql`insert into users_with_roles
      (id, organisation_id, team_id, name, email, role, state, root, created_at, updated_at)
    select id, organisation_id, team_id, name,
      case when exists (select 1 from users as older
        where older.organisation_id = users.organisation_id and lower(older.email) = lower(users.email)
          and older.id < users.id) then null else lower(email) end,
      'member', 'active', 0, created_at, created_at from users`.execute(kysely)
  await kysely.schema.dropTable('users').execute()
  await kysely.schema.alterTable('users_with_roles').renameTo('users').execute()
  await sql`create unique index users_address on users (organisation_id, email) where state <> 'deleted'`.execute(
    kysely,
  )
  await kysely.schema.createIndex('users_email').on('users').column('email').execute()
}

const createSessions = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('user_sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull().unique())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_used_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute()
  await kysely.schema.createIndex('user_sessions_user').on('user_sessions').column('user_id').execute()
}

const createLinks = async (kysely: Kysely<unknown>) => {
  await kysely.schema
    .createTable('login_links')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('organisation_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await kysely.schema.createIndex('login_links_user').on('login_links').column('user_id').execute()
}
