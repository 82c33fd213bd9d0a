import { compileGlobs } from '../glob.ts'
import { type ProgramCall, programCalls, programCallsOf } from './programs.ts'

/** A complete call of a tool, as a model wrote it. */
export interface ToolCall {
  readonly name: string
  readonly kind: 'function' | 'custom'
  /** Source text of the arguments; of a custom tool, the text itself. */
  readonly input: string
}

/** What a call would do, as far as its arguments tell. */
export interface ReadCall {
  readonly programs: readonly ProgramCall[]
  /** Every string of the arguments, with the name it stands under. */
  readonly strings: readonly { readonly key: string; readonly text: string }[]
  /** Does the tool load addresses that it is given? */
  readonly isFetcher: boolean
}

/** Tools that run commands, by their usual names: Claude Code, Codex CLI, Gemini CLI, opencode, editors. */
const isShell = compileGlobs([
  ...[
    'bash',
    'Bash',
    '*shell*',
    '*Shell*',
    'exec',
    'exec_command',
    '*execute_command*',
    '*run_command*',
    '*terminal*',
  ],
  ...['run', 'cmd', 'sh', 'execute*', 'write_stdin', '*powershell*'],
])
const isFetcher = compileGlobs([
  '*fetch*',
  '*Fetch*',
  '*http*',
  '*browse*',
  '*navigate*',
  '*download*',
  '*curl*',
  '*open_url*',
])

const commandKeys: ReadonlySet<string> = new Set([
  'command',
  'cmd',
  'commands',
  'script',
  'shell_command',
  'command_line',
  'chars',
])

/** Deeper arguments are not read. */
const deepest = 32

export const readCall = (call: ToolCall): ReadCall => {
  const strings: { key: string; text: string }[] = []
  const programs: ProgramCall[] = []
  const shell = isShell(call.name)

  const visit = (value: unknown, key: string, depth: number): void => {
    if (typeof value === 'string') {
      strings.push({ key, text: value })
      if (commandKeys.has(key) || (shell && key === '')) programs.push(...programCalls(value))
    } else if (depth > deepest) return
    else if (Array.isArray(value)) {
      // Codex CLI 0.55 sends a program and its arguments, which need no shell.
      const words = value.filter((item) => typeof item === 'string')
      if (commandKeys.has(key) && words.length === value.length) programs.push(...programCallsOf(words))
      for (const item of value) visit(item, commandKeys.has(key) ? `${key}[]` : key, depth + 1)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        strings.push({ key: name, text: name })
        visit(member, name, depth + 1)
      }
    }
  }

  const value = call.kind === 'custom' ? undefined : parse(call.input)
  // Arguments that were cut off are read like a text: their strings may be commands.
  if (value === undefined) readText(call.input, strings, programs)
  else visit(value, '', 0)
  return { programs, strings, isFetcher: isFetcher(call.name) }
}

/** Free text: a command, or code whose strings may be some (Codex CLI's `exec` takes JavaScript). */
const readText = (text: string, strings: { key: string; text: string }[], programs: ProgramCall[]): void => {
  strings.push({ key: '', text })
  programs.push(...programCalls(text))
  for (const literal of literalsOf(text)) programs.push(...programCalls(literal))
}

const literalsOf = (code: string): readonly string[] => {
  const literals: string[] = []
  let at = 0
  while (at < code.length && literals.length < 1_000) {
    const quote = code[at] ?? ''
    if (quote !== '"' && quote !== "'" && quote !== '`') {
      at++
      continue
    }
    const start = ++at
    while (at < code.length && code[at] !== quote) at += code[at] === '\\' ? 2 : 1
    if (at - start > 1)
      literals.push(
        code
          .slice(start, at)
          .replace(/\\(["'`\\])/g, '$1')
          .replaceAll('\\n', '\n'),
      )
    at++
  }
  return literals
}

const parse = (source: string): unknown => {
  try {
    return JSON.parse(source)
  } catch {
    return undefined
  }
}
