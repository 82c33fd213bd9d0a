import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { NewAuditEntry } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import { changeText } from './mask-change.ts'
import type { AdminEnvironment } from './permit.ts'

/** What a handler may say of its change, where the requests alone do not tell. */
export interface AdminChange {
  /** What was changed; default the path of the request, with the id of what was created. */
  readonly target?: string
  readonly before?: unknown
  readonly after?: unknown
  /** The organisation that it is about; default that of the actor, else the one that the answer names. */
  readonly organisation?: string | null
}

export interface ChangeRecorder {
  readonly append: (entry: NewAuditEntry) => Promise<unknown>
  /** Told when a change was made and could not be recorded. */
  readonly onProblem: (message: string, entry: NewAuditEntry, error: unknown) => void
  readonly now: () => number
}

/**
 * Records every request but reading ones in the audit log, refused ones too: who, what, how it ended, and what was
 * before and after. Without a word of the handler, before is what `GET` answers for the same path (or, for an action
 * such as `/keys/{id}/rotate`, for the thing above it), and after is the answer. Secrets are masked.
 *
 * A change that cannot be recorded answers 503 and says so: it has been made.
 */
export const recordChanges =
  (read: ReadState, recorder: ChangeRecorder): MiddlewareHandler<AdminEnvironment> =>
  async (context, next) => {
    const said: { change: AdminChange } = { change: {} }
    context.set('change', (change) => {
      said.change = { ...said.change, ...change }
    })
    const { method } = context.req
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return next()

    const before = await stateBefore(context, read)
    await next()
    const entry = await entryOf(context, said.change, before, recorder.now())
    try {
      await recorder.append(entry)
    } catch (error) {
      recorder.onProblem('a change was made and is not in the audit log', entry, error)
      throw new GatewayError(
        'gateway_storage_unavailable',
        'the request was carried out, but the audit log could not record it: see the log of the server',
        { cause: error },
      )
    }
  }

const prefix = '/api/v1'

/** Asks the admin API itself, as the one who makes the change. */
export type ReadState = (
  path: string,
  headers: Headers,
  env: AdminEnvironment['Bindings'],
) => Promise<Response>

/** What shows who somebody is, and nothing about a body. */
const credentialsOf = (headers: Headers): Headers => {
  const kept = new Headers()
  for (const name of ['authorization', 'cookie', 'host', 'user-agent']) {
    const value = headers.get(name)
    if (value !== null) kept.set(name, value)
  }
  return kept
}

/** Never throws: a change must not fail because of what is told about it. */
const stateBefore = async (context: Context<AdminEnvironment>, read: ReadState): Promise<unknown> => {
  const { path, method } = context.req
  const paths = method === 'POST' ? [path.slice(0, path.lastIndexOf('/'))] : [path]
  // `POST /keys` makes a new one: the list is not what it was before.
  const [subject] = paths.filter((one) => one.startsWith(`${prefix}/`) && one.split('/').length > 4)
  if (subject === undefined) return null
  try {
    const answer = await read(subject, credentialsOf(context.req.raw.headers), context.env ?? {})
    return answer.ok ? await jsonOf(answer) : null
  } catch {
    return null
  }
}

const jsonOf = async (answer: Response): Promise<unknown> => {
  if (!(answer.headers.get('content-type') ?? '').startsWith('application/json')) return null
  return answer.json().catch(() => null)
}

const entryOf = async (
  context: Context<AdminEnvironment>,
  change: AdminChange,
  before: unknown,
  at: number,
): Promise<NewAuditEntry> => {
  const actor = context.get('actor')
  const { res } = context
  const answered = await jsonOf(res.clone())
  // A refusal changes nothing; why it was one is what the answer says.
  const after = change.after ?? answered
  return {
    at,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name,
    address: context.env?.address ?? null,
    organisation:
      change.organisation === undefined
        ? (actor.organisation ?? organisationIn(answered))
        : change.organisation,
    action: `${context.req.method} ${patternOf(context)}`,
    target: (change.target ?? targetOf(context, answered)).slice(0, 500),
    status: res.status,
    before: res.ok ? changeText(change.before ?? before) : null,
    after: changeText(after),
  }
}

/** The path as the route spells it: `/keys/:id`. */
const patternOf = (context: Context<AdminEnvironment>): string => {
  const route = matchedRoutes(context).findLast(({ path }) => !path.includes('*'))
  return (route?.path ?? context.req.path).slice(prefix.length, prefix.length + 200)
}

const targetOf = (context: Context<AdminEnvironment>, answered: unknown): string => {
  const path = decodeURI(context.req.path).slice(prefix.length)
  const id = memberOf(answered, 'id')
  return context.res.status === 201 && id !== undefined ? `${path}/${id}` : path
}

const organisationIn = (answered: unknown): string | null =>
  memberOf(answered, 'organisation') ?? memberOf(answered, 'organisationId') ?? null

const memberOf = (value: unknown, name: string): string | undefined => {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof found === 'string' ? found : undefined
}
