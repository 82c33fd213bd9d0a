import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { type CsvFile, type CsvRecord, formatCsv, parseCsv } from './csv.ts'
import { idField } from './fields.ts'
import { parseInput } from './parse-input.ts'
import { givableBy } from './permission.ts'
import { defaultOrganisation } from './tenant.ts'
import { type Authority, newUserSchema, toNewUser, type User } from './user.ts'
import type { UserCreation, UserStore } from './user-store.ts'

export const userImportSchema = z.strictObject({
  csv: z.string().max(1_000_000),
  organisation: idField.default(defaultOrganisation),
  team: idField.nullable().default(null),
  /** Rows whose address exists already are no failures. */
  skipExisting: z.boolean().default(false),
  /** All rows or none. */
  atomic: z.boolean().default(false),
  /** Users that have yet to sign in, instead of active ones. */
  invite: z.boolean().default(false),
})

export type UserImport = z.input<typeof userImportSchema>
type ParsedImport = z.output<typeof userImportSchema>

/** What became of one row. `withheld`: it could have been created, but another row failed and all were wanted. */
export interface ImportedRow {
  /** Line of the file that the row begins on, from 1. */
  readonly line: number
  readonly email: string
  readonly result: 'created' | 'skipped' | 'failed' | 'withheld'
  /** Why not. */
  readonly reason: string | null
  /** Id of the user. */
  readonly user: string | null
}

export interface ImportReport {
  readonly created: number
  readonly skipped: number
  readonly failed: number
  readonly rows: readonly ImportedRow[]
  /** Those that were created. */
  readonly users: readonly User[]
}

/** Users from and to CSV: `email,role,display_name`, and `state` where a header names it. */
export interface UserCsv {
  /**
   * The first row may be a header; then columns may stand in any order. Throws `gateway_request_invalid` for a header
   * with a wrong column and `not_found` for an organisation or team that there is not; what is wrong with a row is in
   * the report.
   */
  import(by: Authority, input: UserImport): Promise<ImportReport>
  /**
   * All users of the organisation (the default one where none is named) that are not deleted, oldest first; the import
   * reads it. Throws `not_found` for an organisation out of reach.
   */
  export(by: Authority, organisation?: string): Promise<string>
}

export interface UserCsvParts {
  readonly store: Pick<UserStore, 'create' | 'list'>
  readonly now: () => number
}

const columns = ['email', 'role', 'display_name', 'state'] as const

type Column = (typeof columns)[number]

/** Bounds the time that other changes to accounts wait for an import. */
const mostRows = 5_000
const pageSize = 1_000

export const createUserCsv = ({ store, now }: UserCsvParts): UserCsv => ({
  import: async (by, input) => {
    const options = parseInput(userImportSchema, input, 'import')
    if (by.organisation !== null && options.organisation !== by.organisation) throw unknownTenant()
    const read = readRows(parseCsv(options.csv), by, options, now())
    const isRefused = options.atomic && read.some((row) => row.user === undefined)
    const users = read.flatMap(({ user }) => user ?? [])
    const isAtomic = options.atomic && !options.skipExisting
    const creations = isRefused || users.length === 0 ? [] : await store.create(users, isAtomic)
    if (creations.includes('unknown-tenant')) throw unknownTenant()
    return report(read, creations, isRefused, options)
  },
  export: async (by, organisation) => {
    const wanted = organisation ?? by.organisation ?? defaultOrganisation
    if (by.organisation !== null && wanted !== by.organisation) throw unknownTenant()
    const lines: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await store.list({
        organisation: wanted,
        ...(after === undefined ? {} : { after }),
        limit: pageSize,
      })
      lines.push(...page.map(exportLine))
      after = page.at(-1)?.id
      if (page.length < pageSize) return [formatCsv(columns), ...lines.reverse()].join('')
    }
  },
})

interface ReadRow {
  readonly line: number
  readonly email: string
  readonly user: User | undefined
  readonly reason: string | null
}

const readRows = (file: CsvFile, by: Authority, options: ParsedImport, at: number): readonly ReadRow[] => {
  const [first, ...rest] = file.records
  const header = first === undefined ? undefined : headerIn(first)
  const records = header === undefined ? file.records : rest
  if (records.length > mostRows) {
    const message = `import: the file has more than ${mostRows} rows, split it`
    throw new GatewayError('gateway_request_invalid', message, { param: 'csv' })
  }
  const rows = records.map((record) => readRow(record, header ?? columns.slice(0, 3), by, options, at))
  const { fault } = file
  return fault === undefined
    ? rows
    : [
        ...rows,
        {
          line: fault.line,
          email: '',
          user: undefined,
          reason: `${fault.reason}; nothing after it was read`,
        },
      ]
}

/** The columns of a header; undefined when the first row is none. */
const headerIn = ({ fields, line }: CsvRecord): readonly Column[] | undefined => {
  const names = fields.map((field) => field.trim().toLowerCase())
  if (!names.includes('email')) return undefined
  return names.map((name, index) => {
    const column = columns.find((known) => known === name)
    if (column !== undefined && names.indexOf(name) === index) return column
    const reason = column === undefined ? `there is no column ${name.slice(0, 50)}` : `${name} is there twice`
    const message = `import, line ${line}: ${reason}; columns are ${columns.join(', ')}`
    throw new GatewayError('gateway_request_invalid', message, { param: 'csv' })
  })
}

const readRow = (
  { line, fields }: CsvRecord,
  header: readonly Column[],
  by: Authority,
  { organisation, team, invite }: ParsedImport,
  at: number,
): ReadRow => {
  const field = (column: Column): string | undefined =>
    withoutGuard(fields[header.indexOf(column)] ?? '').trim() || undefined
  const email = field('email') ?? ''
  const failed = (reason: string): ReadRow => ({ line, email, user: undefined, reason })
  if (fields.length > header.length)
    return failed(`the row has ${fields.length} fields, there are ${header.length} columns`)
  const [name, role, state] = [field('display_name'), field('role')?.toLowerCase(), field('state')]
  const parsed = newUserSchema.safeParse({
    ...{ email, organisation, team },
    ...(name === undefined ? {} : { name }),
    ...(role === undefined ? {} : { role }),
    ...(state === undefined ? { state: invite ? 'invited' : 'active' } : { state }),
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const column = issue?.path[0] === 'name' ? 'display_name' : String(issue?.path[0] ?? 'row')
    return failed(`${column}: ${(issue?.message ?? 'wrong').toLowerCase()}`)
  }
  if (!givableBy(by.role).includes(parsed.data.role))
    return failed(`the role ${parsed.data.role} is above yours, which is ${by.role}`)
  const user = toNewUser(parsed.data, at)
  return { line, email: parsed.data.email, user, reason: null }
}

const report = (
  read: readonly ReadRow[],
  creations: readonly UserCreation[],
  isRefused: boolean,
  { atomic, skipExisting }: ParsedImport,
): ImportReport => {
  const isUndone = isRefused || (atomic && !skipExisting && creations.includes('taken'))
  const made = creations.values()
  const users: User[] = []
  const rows = read.map(({ line, email, user, reason }): ImportedRow => {
    if (user === undefined) return { line, email, result: 'failed', reason, user: null }
    if (isRefused) return { line, email, result: 'withheld', reason: null, user: null }
    if (made.next().value !== 'created') {
      const exists = 'a user with this email exists already'
      return { line, email, result: skipExisting ? 'skipped' : 'failed', reason: exists, user: null }
    }
    if (isUndone) return { line, email, result: 'withheld', reason: null, user: null }
    users.push(user)
    return { line, email, result: 'created', reason: null, user: user.id }
  })
  const count = (result: ImportedRow['result']): number => rows.filter((row) => row.result === result).length
  return { created: users.length, skipped: count('skipped'), failed: count('failed'), rows, users }
}

const exportLine = ({ email, role, name, state }: User): string =>
  formatCsv([email ?? '', role, name, state].map(withGuard))

/** Spreadsheets run what begins so; an apostrophe makes it text. The import takes it off again. */
const withGuard = (field: string): string => (/^'*[=+\-@\t\r]/.test(field) ? `'${field}` : field)
const withoutGuard = (field: string): string => (/^'+[=+\-@\t\r]/.test(field) ? field.slice(1) : field)

const unknownTenant = (): GatewayError =>
  new GatewayError('not_found', 'there is no such organisation, or no such team in it')
