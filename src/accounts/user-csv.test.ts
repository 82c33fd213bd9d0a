import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { operator } from './user.ts'
import { createUserStore } from './user-store.ts'
import { createUsers } from './users.ts'

onEachDatabase('users from and to CSV', (open) => {
  const start = async () => {
    const database = await open()
    return {
      tenants: createTenants({ store: createTenantStore(database), apply() {} }),
      users: createUsers({ store: createUserStore(database), apply() {} }),
    }
  }
  const told = (rows: readonly { line: number; email: string; result: string }[]) =>
    rows.map(({ line, email, result }) => `${line} ${email} ${result}`)

  test('come with or without a header, in any case, with quotes, a byte order mark and CRLF', async () => {
    const { users, tenants } = await start()
    const team = await tenants.createTeam({ name: 'platform' })
    const bare = await users.import(operator, {
      csv: '\ufeffAda@Example.com,ADMIN,"Lovelace, Ada"\r\nbob@example.com\r\n\r\ncy@example.com,,\r\n',
      team: team.id,
    })
    expect(told(bare.rows)).toEqual([
      '1 ada@example.com created',
      '2 bob@example.com created',
      '4 cy@example.com created',
    ])
    expect(bare).toMatchObject({ created: 3, skipped: 0, failed: 0 })
    const headed = await users.import(operator, {
      ...{ csv: 'display_name,Email,role\n"Dora ""D""",dora@example.com,viewer\n', invite: true },
    })
    expect(headed.created).toBe(1)
    const all = await users.list(operator, { organisation: 'org_default' })
    expect(all.map(({ email, name, role, state, team }) => [email, name, role, state, team])).toEqual([
      ['dora@example.com', 'Dora "D"', 'viewer', 'invited', null],
      ['cy@example.com', 'cy', 'member', 'active', team.id],
      ['bob@example.com', 'bob', 'member', 'active', team.id],
      ['ada@example.com', 'Lovelace, Ada', 'admin', 'active', team.id],
    ])
  })

  test('say for each row what became of it', async () => {
    const { users } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const csv = [
      'email,role,display_name',
      'ada@example.com,member,Ada',
      'not an address,member,X',
      'bob@example.com,king,Bob',
      'cy@example.com,member,Cy,extra',
      'dora@example.com,viewer,Dora',
      'DORA@example.com,viewer,Dora again',
      'eve@example.com,viewer,"open',
    ].join('\n')
    const { rows, created, failed, skipped } = await users.import(operator, { csv })
    expect(told(rows)).toEqual([
      '2 ada@example.com failed',
      '3 not an address failed',
      '4 bob@example.com failed',
      '5 cy@example.com failed',
      '6 dora@example.com created',
      '7 dora@example.com failed',
      '8  failed',
    ])
    expect({ created, failed, skipped }).toEqual({ created: 1, failed: 6, skipped: 0 })
    expect(rows[2]?.reason).toBe('role: must be one of owner, admin, member, viewer, billing')
    expect(rows[6]?.reason).toContain('a quoted field is not closed')
    const again = await users.import(operator, {
      csv: 'dora@example.com\nfay@example.com',
      skipExisting: true,
    })
    expect(told(again.rows)).toEqual(['1 dora@example.com skipped', '2 fay@example.com created'])
  })

  test('come all or none where that is asked', async () => {
    const { users } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const good = 'bob@example.com,member,Bob\n'
    for (const bad of [
      'ada@example.com,member,Ada\n',
      'nobody,member,X\n',
      'cy@example.com,king,Cy\n',
      'bob@example.com,member,Bob again\n',
      'cy@example.com,member,"open\n',
      'cy@example.com,member,"closed"x\n',
    ]) {
      const report = await users.import(operator, { csv: good + bad, atomic: true })
      expect(report).toMatchObject({ created: 0, failed: 1, users: [] })
      expect(report.rows[0]).toMatchObject({ result: 'withheld', user: null })
      expect((await users.list(operator, {})).length).toBe(1)
    }
    const skipping = { atomic: true, skipExisting: true }
    const both = await users.import(operator, { csv: `${good}ada@example.com\n`, ...skipping })
    expect(told(both.rows)).toEqual(['1 bob@example.com created', '2 ada@example.com skipped'])
    const broken = await users.import(operator, { csv: 'cy@example.com\nada@example.com\n"', ...skipping })
    expect(broken).toMatchObject({ created: 0, failed: 1 })
    expect((await users.list(operator, {})).length).toBe(2)
  })

  test('are refused as a whole for a wrong header, tenant, role or size', async () => {
    const { users, tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    for (const csv of ['email,rolle\n', 'email,email\n', 'email,\n', `a@b.de\n`.repeat(5_001)])
      await expect(users.import(operator, { csv })).rejects.toMatchObject({ code: 'gateway_request_invalid' })
    const csv = 'ada@example.com,owner,Ada\nbob@example.com'
    for (const place of [{ organisation: 'org_none' }, { team: 'team_none' }])
      await expect(users.import(operator, { csv, ...place })).rejects.toMatchObject({ code: 'not_found' })
    const stranger = { role: 'owner', organisation: other.id } as const
    const planted = users.import(stranger, { csv, organisation: 'org_default' })
    await expect(planted).rejects.toMatchObject({ code: 'not_found' })
    await expect(users.export(stranger, 'org_default')).rejects.toMatchObject({ code: 'not_found' })
    expect(await users.list(operator, {})).toEqual([])
    const admin = { role: 'admin', organisation: 'org_default' } as const
    const { rows } = await users.import(admin, { csv })
    expect(told(rows)).toEqual(['1 ada@example.com failed', '2 bob@example.com created'])
    expect(rows[0]?.reason).toBe('the role owner is above yours, which is admin')
  })

  test('go out so that no spreadsheet runs them, and come in again as they were', async () => {
    const { users, tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const names = ['=HYPERLINK("http://x","y")', '+1', '-1', '@SUM(A1)', "'=1", "''-1", 'plain, "quoted"']
    for (const [index, name] of names.entries())
      await users.create(operator, { email: `user${index}@example.com`, name })
    await users.create(operator, { email: '=cmd@example.com', role: 'viewer', state: 'suspended' })
    const csv = await users.export(operator)
    const [header, ...lines] = csv.split('\r\n')
    expect(header).toBe('email,role,display_name,state')
    expect(lines[0]).toBe(`user0@example.com,member,"'=HYPERLINK(""http://x"",""y"")",active`)
    for (const cell of csv.split(/[,\r\n]+/)) expect(cell.replace(/^"/, '')).not.toMatch(/^[=+\-@\t]/)
    expect(await users.import(operator, { csv, organisation: other.id })).toMatchObject({ created: 8 })
    const named = async (organisation: string) =>
      (await users.list(operator, { organisation })).map(({ email, name, role, state }) => ({
        ...{ email, name, role, state },
      }))
    expect(await named(other.id)).toEqual(await named('org_default'))
  })

  test('come in again as they went out, whatever their names', async () => {
    const { users, tenants } = await start()
    const piece = fc.constantFrom('=', '+', '-', '@', "'", '"', ',', ' ', 'a', 'é', ';')
    const name = fc
      .array(piece, { minLength: 1, maxLength: 6 })
      .map((pieces) => pieces.join('').trim())
      .filter((text) => text !== '')
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 5 }), async (names) => {
        round += 1
        const [from, to] = [
          await tenants.createOrganisation({ name: `from ${round}` }),
          await tenants.createOrganisation({ name: `to ${round}` }),
        ]
        for (const [index, one] of names.entries())
          await users.create(operator, { email: `u${index}@x.de`, name: one, organisation: from.id })
        const csv = await users.export(operator, from.id)
        await users.import(operator, { csv, organisation: to.id, atomic: true })
        const there = await users.list(operator, { organisation: to.id })
        expect(there.map((user) => user.name).reverse()).toEqual(names)
      }),
      { numRuns: 15 },
    )
  })
})
