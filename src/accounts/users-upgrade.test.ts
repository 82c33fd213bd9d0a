import { expect, test } from 'bun:test'
import { sql } from 'kysely'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { identityMigration } from '../storage/migrations/0010-identity.ts'
import { createUserStore } from './user-store.ts'
import { createRootAdmin } from './users.ts'

onEachDatabase('a database from before users had roles', (open) => {
  test('keeps its users and keys; of addresses that differ in case only, the oldest user keeps it', async () => {
    const database = await open()
    const { kysely } = database
    // Back to what the release before had.
    for (const table of ['user_sessions', 'login_links', 'users'])
      await kysely.schema.dropTable(table).execute()
    await kysely.schema.dropIndex('virtual_keys_user').execute()
    await kysely.schema.alterTable('virtual_keys').dropColumn('suspended').execute()
    await sql`create table users (id text primary key, organisation_id text not null, team_id text,
      name text not null, email text, created_at bigint not null, unique (organisation_id, email))`.execute(
      kysely,
    )
    await sql`insert into users values ('user_1', 'org_default', 'team_1', 'Ada', 'Ada@Example.com', 7),
      ('user_2', 'org_default', null, 'Ada again', 'ada@example.com', 8),
      ('user_3', 'org_default', null, 'Bob', null, 9)`.execute(kysely)
    await sql`insert into virtual_keys (id, organisation_id, user_id, name, prefix, scopes, options, metadata, made_by,
      disabled, created_at, updated_at, version)
      values ('key_1', 'org_default', 'user_1', 'k', 'p', '{}', '{}', '{}', 'created', 0, 1, 1, 1)`.execute(
      kysely,
    )

    await kysely.transaction().execute((transaction) => identityMigration().up(transaction))

    const store = createUserStore(database)
    const users = await store.list({})
    expect(users.map(({ id, email, role, state, team }) => [id, email, role, state, team])).toEqual([
      ['user_3', null, 'member', 'active', null],
      ['user_2', null, 'member', 'active', null],
      ['user_1', 'ada@example.com', 'member', 'active', 'team_1'],
    ])
    const key = await kysely.selectFrom('virtual_keys').select('suspended').executeTakeFirstOrThrow()
    expect(key.suspended).toBe(0n)
    expect(await createRootAdmin(store)).toMatchObject({ email: 'admin@local', root: true })
    expect((await store.list({})).length).toBe(4)
  })
})
