import { compileGlobs } from '../glob.ts'
import { destroys, type Workspace } from './destructive.ts'
import { compileHosts, hostsIn, hostsOf, unknownHost } from './hosts.ts'
import { installedBy } from './installs.ts'
import { type ReadCall, readCall, type ToolCall } from './read-call.ts'
import { destructiveSql } from './sql.ts'

export type ToolAction = 'deny' | 'ask' | 'allow'

/**
 * What a call can be of.
 * `destructive`: it destroys what is not the agent's own. `egress`: it reaches a host that is not allowed. `install`: it
 * installs a package that nobody spoke of. `credentials`: it sends a secret of the conversation somewhere.
 */
export type CommandClass = 'destructive' | 'egress' | 'install' | 'credentials'

export interface ToolRule {
  /** Named in verdicts and reports. */
  readonly id: string
  readonly action: ToolAction
  /** Globs on the tool's name; absent: any. */
  readonly tools?: readonly string[]
  /** The call is of one of these; absent: any call. */
  readonly classes?: readonly CommandClass[]
  /** Counts only after foreign content came into the conversation. */
  readonly onlyUntrusted?: boolean
}

export interface ToolPolicy {
  /** The first that fits decides; without one, the call is allowed. */
  readonly rules: readonly ToolRule[]
  /** Hosts that may be reached, as globs: `github.com`, `*.example.org`. */
  readonly hosts: readonly string[]
  readonly workspace: Workspace
}

/** What the conversation so far says about a call. */
export interface ToolContext {
  /** Did foreign content come in: `hasForeignContent`. */
  readonly isUntrusted: boolean
  /** Was this package spoken of by whoever may be trusted: `wordsOf`. */
  readonly isSeen: (name: string) => boolean
  /** Does a text hold a secret of the conversation, or the placeholder of one: `carriesSecrets`. */
  readonly carriesSecret: (text: string) => boolean
}

export interface ToolVerdict {
  readonly action: ToolAction
  /** The rule that decided; absent where none did. */
  readonly rule?: string
  readonly class?: CommandClass
  /** What the call would do, for the model and for reports; never a value of the conversation. */
  readonly reason: string
}

/** A policy made ready. */
export type ToolJudge = (call: ToolCall, context: ToolContext) => ToolVerdict

/** Asks before what destroys; after foreign content came in, refuses what it is mostly abused for. */
export const defaultToolRules: readonly ToolRule[] = [
  { id: 'credentials-leave', action: 'deny', classes: ['credentials'] },
  { id: 'destructive-after-foreign-content', action: 'deny', classes: ['destructive'], onlyUntrusted: true },
  { id: 'egress-after-foreign-content', action: 'deny', classes: ['egress'], onlyUntrusted: true },
  { id: 'install-after-foreign-content', action: 'deny', classes: ['install'], onlyUntrusted: true },
  { id: 'destructive', action: 'ask', classes: ['destructive'] },
]

export const createToolJudge = (policy: ToolPolicy): ToolJudge => {
  const rules = policy.rules.map((rule) => ({
    ...rule,
    fits: rule.tools === undefined ? () => true : compileGlobs(rule.tools),
  }))
  const isAllowedHost = compileHosts(policy.hosts)
  return (call, context) => {
    let found: ReadonlyMap<CommandClass, string> | undefined
    for (const rule of rules) {
      if (!rule.fits(call.name) || (rule.onlyUntrusted === true && !context.isUntrusted)) continue
      if (rule.classes === undefined) {
        return { action: rule.action, rule: rule.id, reason: `calls \`${call.name.slice(0, 100)}\`` }
      }
      found ??= classesOf(readCall(call), policy.workspace, isAllowedHost, context)
      for (const name of rule.classes) {
        const reason = found.get(name)
        if (reason !== undefined) return { action: rule.action, rule: rule.id, class: name, reason }
      }
    }
    return { action: 'allow', reason: 'no rule speaks of it' }
  }
}

const classesOf = (
  call: ReadCall,
  workspace: Workspace,
  isAllowedHost: (host: string) => boolean,
  context: ToolContext,
): ReadonlyMap<CommandClass, string> => {
  const classes = new Map<CommandClass, string>()
  const destroyed =
    firstOf(call.programs, (program) => destroys(program, workspace)) ?? bomb(call) ?? sqlOf(call)
  if (destroyed !== undefined) classes.set('destructive', destroyed)
  const hosts = reachedBy(call)
  const host = hosts.find((name) => !isAllowedHost(name))
  if (host !== undefined) {
    const name = host === unknownHost ? 'a host that cannot be told' : `\`${host.slice(0, 100)}\``
    classes.set('egress', `reaches ${name}, which is not among the allowed hosts`)
    const leaves = call.strings.some(({ text }) => context.carriesSecret(text))
    if (leaves) classes.set('credentials', `sends a secret of this conversation to ${name}`)
  }
  const unseen = call.programs.flatMap(installedBy).find((name) => !context.isSeen(name))
  if (unseen !== undefined) {
    classes.set('install', `installs \`${unseen.slice(0, 100)}\`, a package that was not spoken of before`)
  }
  return classes
}

/** Hosts of programs, and of addresses that a tool is given to load. */
const reachedBy = ({ programs, strings, isFetcher }: ReadCall): readonly string[] => [
  ...programs.flatMap(hostsOf),
  ...strings.flatMap(({ text }) => (isFetcher || isAddress(text) ? hostsIn(text) : [])),
]

const isAddress = (text: string): boolean =>
  /^\s{0,9}[a-z][a-z0-9+.-]{1,20}:\/\/\S{1,4000}\s{0,9}$/i.test(text)

const bomb = ({ programs, strings }: ReadCall): string | undefined =>
  programs.length > 0 && strings.some(({ text }) => /:\s{0,4}\(\)\s{0,4}\{\s{0,4}:\s{0,4}\|/.test(text))
    ? 'starts processes without end'
    : undefined

const sqlOf = ({ strings }: ReadCall): string | undefined =>
  firstOf(strings, ({ key, text }) =>
    /^(sql|query|statement|queries)$/i.test(key) ? destructiveSql(text) : undefined,
  )

const firstOf = <T, R>(items: readonly T[], read: (item: T) => R | undefined): R | undefined => {
  for (const item of items) {
    const result = read(item)
    if (result !== undefined) return result
  }
  return undefined
}

/**
 * What stands in an answer instead of a call that is not let through. It is written as the model's own text, so that
 * the turn ends and the agent goes on with it.
 */
export const deniedText = (call: ToolCall, verdict: ToolVerdict): string => {
  const rule = verdict.rule === undefined ? '' : ` (rule \`${verdict.rule}\`)`
  const what = `The call of \`${call.name.slice(0, 100)}\` was not made: it ${verdict.reason}${rule}.`
  return verdict.action === 'ask'
    ? `[gateway] ${what} The user has to do it, or has to allow it in the policy of the gateway. Say what you wanted to do and why, and go on with what can be done without it.`
    : `[gateway] ${what} Do not try to reach the same by another way. Go on without it, or say what is missing.`
}
