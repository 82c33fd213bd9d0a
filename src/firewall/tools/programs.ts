import { parseShell, type ShellCommand } from './shell.ts'

/** A program that runs, however it was started. */
export interface ProgramCall {
  /** Without its path: `rm`. */
  readonly program: string
  readonly args: readonly string[]
  readonly command: ShellCommand
  /** Where it runs, as far as `cd` before it tells; relative to where the script began. */
  readonly folder: string
}

/** Shells that run what stands after `-c`, what they read, or a file. */
export const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'zsh', 'dash', 'ksh', 'fish', 'ash'])

/** Programs that start another one: how many words of their own come after options, and which options take a word. */
const starters: ReadonlyMap<string, { readonly words: number; readonly takes: string }> = new Map([
  ['sudo', { words: 0, takes: 'ugprtTCDRh' }],
  ['doas', { words: 0, takes: 'uC' }],
  ['env', { words: 0, takes: 'uCS' }],
  ['nohup', { words: 0, takes: '' }],
  ['nice', { words: 0, takes: 'n' }],
  ['ionice', { words: 0, takes: 'cnp' }],
  ['timeout', { words: 1, takes: 'sk' }],
  ['time', { words: 0, takes: 'fo' }],
  ['xargs', { words: 0, takes: 'IinLPsdEa' }],
  ['parallel', { words: 0, takes: 'jaS' }],
  ['command', { words: 0, takes: '' }],
  ['builtin', { words: 0, takes: '' }],
  ['exec', { words: 0, takes: 'a' }],
  ['setsid', { words: 0, takes: '' }],
  ['stdbuf', { words: 0, takes: 'ioe' }],
  ['watch', { words: 0, takes: 'n' }],
  ['strace', { words: 0, takes: 'eopsE' }],
  ['busybox', { words: 0, takes: '' }],
  ['chroot', { words: 1, takes: '' }],
])

const deepest = 6
/** Of one script; more are not looked at one by one. */
const mostCalls = 2_000

/** Every program that a script runs, through `sudo`, `env`, `xargs`, `bash -c`, `eval` and the like. */
export const programCalls = (script: string): readonly ProgramCall[] => {
  const calls: ProgramCall[] = []
  collect(parseShell(script), '', 0, calls)
  return calls
}

/** The same for a program and its arguments, as agents send them that need no shell. */
export const programCallsOf = (words: readonly string[]): readonly ProgramCall[] => {
  const calls: ProgramCall[] = []
  collect([{ words: [...words], redirects: [], input: '', inner: [] }], '', 0, calls)
  return calls
}

const collect = (
  commands: readonly ShellCommand[],
  start: string,
  depth: number,
  calls: ProgramCall[],
): void => {
  let folder = start
  for (const command of commands) {
    if (calls.length >= mostCalls) return
    const words = withoutStarters(command.words)
    const [first = '', ...args] = words
    const program = baseName(first)
    calls.push({ program, args, command, folder })
    if (program === 'cd' || program === 'pushd') folder = joinPath(folder, args[0] ?? '~')
    if (depth >= deepest) continue
    const script = scriptOf(program, args, command)
    if (script !== undefined) collect(parseShell(script), folder, depth + 1, calls)
    const started = startedBy(program, args)
    if (started.length > 0) collect([{ ...command, words: [...started] }], folder, depth + 1, calls)
  }
}

const withoutStarters = (words: readonly string[]): readonly string[] => {
  let at = 0
  for (let round = 0; round < 8; round++) {
    while (/^[A-Za-z_]\w*\+?=/.test(words[at] ?? '')) at++
    const starter = starters.get(baseName(words[at] ?? ''))
    if (starter === undefined || at + 1 >= words.length) break
    let next = at + 1
    while ((words[next] ?? '').startsWith('-') && words[next] !== '-') {
      const option = words[next] ?? ''
      next++
      if (option === '--') break
      if (/^-\w$/.test(option) && starter.takes.includes(option[1] ?? '')) next++
    }
    next += starter.words
    if (next >= words.length) break
    at = next
  }
  return words.slice(at)
}

/** A script that the program is told to run. */
const scriptOf = (program: string, args: readonly string[], command: ShellCommand): string | undefined => {
  if (shells.has(program)) {
    const option = args.findIndex((arg) => /^-\w*c$/.test(arg))
    if (option >= 0) return args[option + 1]
    return command.input === '' ? undefined : command.input
  }
  if (program === 'eval') return args.join(' ')
  if (program === 'su' || program === 'runuser') return valueAfter(args, '-c', '--command')
  if (program === 'pwsh' || program === 'powershell' || program === 'powershell.exe') {
    const option = args.findIndex((arg) => /^-c(ommand)?$/i.test(arg))
    return option < 0 ? undefined : args.slice(option + 1).join(' ')
  }
  if (program === 'cmd' || program === 'cmd.exe') {
    return /^\/[ck]$/i.test(args[0] ?? '') ? args.slice(1).join(' ') : undefined
  }
  return undefined
}

/** A command that the program runs by itself. */
const startedBy = (program: string, args: readonly string[]): readonly string[] => {
  if (program === 'find' || program === 'fd') {
    const option = args.findIndex((arg) => /^(-exec(dir)?|-ok(dir)?|-x|-X|--exec)$/.test(arg))
    return option < 0 ? [] : args.slice(option + 1).filter((arg) => arg !== ';' && arg !== '+')
  }
  if (program === 'ssh') {
    const host = positional(args, 'bcDEeFIiJLlmOopQRSWw')[0]
    return host === undefined ? [] : args.slice(args.indexOf(host) + 1)
  }
  return []
}

/** Arguments that are no options, nor words of the one-letter options that take one. */
export const positional = (args: readonly string[], takes = ''): readonly string[] => {
  const found: string[] = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg === '--') return [...found, ...args.slice(at + 1)]
    if (!arg.startsWith('-') || arg === '-') found.push(arg)
    else if (/^-\w+$/.test(arg) && takes.includes(arg.at(-1) ?? '-')) at++
  }
  return found
}

export const valueAfter = (args: readonly string[], ...options: readonly string[]): string | undefined => {
  const at = args.findIndex((arg) => options.includes(arg))
  return at < 0 ? undefined : args[at + 1]
}

/** Is one of the one-letter options given, alone or among others (`-rf`), or one of the long ones? */
export const hasOption = (args: readonly string[], letters: string, ...long: readonly string[]): boolean =>
  args.some(
    (arg) =>
      long.includes(arg.split('=')[0] ?? '') ||
      (/^-[A-Za-z]+$/.test(arg) && [...letters].some((letter) => arg.includes(letter, 1))),
  )

export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

/** Joins without looking at any disk. */
export const joinPath = (folder: string, path: string): string => {
  if (folder === '' || /^[/~$]/.test(path)) return path
  return `${folder}/${path}`
}
