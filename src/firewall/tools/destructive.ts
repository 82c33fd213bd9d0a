import { hasOption, joinPath, type ProgramCall, positional, shells } from './programs.ts'
import { destructiveSql } from './sql.ts'

/** Folders that an agent may empty: its own, given by configuration, and what is temporary. */
export interface Workspace {
  /** Absolute folders, e.g. `/home/ada/project`. What is relative lies in one. */
  readonly folders: readonly string[]
}

/** What a program call would destroy, in words; undefined for nothing that is known. */
export const destroys = (call: ProgramCall, workspace: Workspace): string | undefined =>
  byProgram.get(call.program)?.(call, workspace) ?? byShape(call)

type Judge = (call: ProgramCall, workspace: Workspace) => string | undefined

const when = (isSo: boolean, reason: string): string | undefined => (isSo ? reason : undefined)

const outside = (
  paths: readonly string[],
  { folder }: ProgramCall,
  workspace: Workspace,
): string | undefined => paths.find((path) => isOutside(joinPath(folder, path), workspace))

const remove: Judge = (call, workspace) => {
  const isDeep = hasOption(call.args, 'rR', '--recursive') || hasOption(call.args, '', '--no-preserve-root')
  if (!isDeep) return undefined
  const path = outside(positional(call.args), call, workspace)
  return path === undefined ? undefined : `deletes \`${shown(path)}\`, which is not inside the workspace`
}

const find: Judge = (call, workspace) => {
  const deletes =
    call.args.includes('-delete') ||
    call.args.some(
      (arg, at) => /^-(exec|ok)(dir)?$/.test(arg) && /(^|\/)(rm|shred|unlink)$/.test(call.args[at + 1] ?? ''),
    )
  if (!deletes) return undefined
  const options = call.args.findIndex((arg) => /^[-(!]/.test(arg))
  const paths = options < 0 ? call.args : call.args.slice(0, options)
  const path = outside(paths.length === 0 ? ['.'] : paths, call, workspace)
  // Below the workspace a search deletes what it names.
  return path === undefined || path === '.' ? undefined : `deletes files below \`${shown(path)}\``
}

const git: Judge = ({ args }) => {
  const [verb, ...rest] = positional(args, 'Cc')
  if (verb === 'push') {
    const isForced =
      hasOption(args, 'f', '--force', '--mirror', '--prune') || rest.some((arg) => arg.startsWith('+'))
    if (isForced) return 'overwrites the history of a remote repository'
    const deletes = hasOption(args, 'd', '--delete') || rest.slice(1).some((arg) => arg.startsWith(':'))
    return when(deletes, 'deletes a branch of a remote repository')
  }
  if (verb === 'clean') return when(hasOption(args, 'f', '--force'), 'deletes files that git does not know')
  if (verb === 'reset') return when(args.includes('--hard'), 'throws away changes that were not committed')
  if (verb === 'filter-branch' || verb === 'filter-repo') return "rewrites the repository's history"
  return when(verb === 'reflog' && rest.includes('expire'), 'deletes what git could restore')
}

const device = /^\/dev\/(sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|mapper\/|md|loop|mem|kmem)/

const writesDevice: Judge = ({ args }) =>
  when(
    args.some((arg) => /^of=/.test(arg) && device.test(arg.slice(3))),
    'writes to a disk',
  )

const mode: Judge = ({ args }) => {
  const isOpen = args.some((arg) => /^[0-7]?777$|^[ugo]*[ao][ugo]*[+=][rxX]*w|^\+[rxX]*w/.test(arg))
  return when(hasOption(args, 'R', '--recursive') && isOpen, 'lets everybody change whole folders')
}

const owner: Judge = (call, workspace) => {
  if (!hasOption(call.args, 'R', '--recursive')) return undefined
  const path = outside(positional(call.args).slice(1), call, workspace)
  return path === undefined ? undefined : `gives away \`${shown(path)}\``
}

/** The first of some words that is one of the verbs. */
const verb = (...verbs: readonly string[]): Judge => {
  const wanted = new Set(verbs)
  return ({ program, args }) => {
    if (args.some((arg) => arg.startsWith('--dry-run') || arg === '--help')) return undefined
    const found = positional(args)
      .slice(0, 4)
      .find((arg) => wanted.has(arg))
    return found === undefined ? undefined : `\`${program} ${found}\` destroys what others may use`
  }
}

const always =
  (reason: string): Judge =>
  () =>
    reason

const aws: Judge = ({ args }) => {
  const words = positional(args)
  const isDeep =
    words[0] === 's3' && (words[1] === 'rb' || (words[1] === 'rm' && args.includes('--recursive')))
  const found = words.slice(1, 3).find((word) => /^(delete|terminate|purge|deregister)-/.test(word))
  return isDeep || found !== undefined ? 'destroys what stands in the cloud' : undefined
}

const sql: Judge = ({ args, command }) => destructiveSql(`${args.join(' ; ')} ; ${command.input}`)

const redis: Judge = ({ args }) =>
  when(
    args.some((arg) => /^flush(all|db)$/i.test(arg)),
    'empties a database',
  )

const moves: Judge = ({ args }) => when(positional(args).at(-1) === '/dev/null', 'throws files away')

const removeItem: Judge = (call, workspace) => {
  if (!call.args.some((arg) => /^-r(ecurse)?$/i.test(arg))) return undefined
  const path = outside(positional(call.args), call, workspace)
  return path === undefined ? undefined : `deletes \`${shown(path)}\`, which is not inside the workspace`
}

const byProgram: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['rm', remove],
  ['find', find],
  ['git', git],
  ['dd', writesDevice],
  ['chmod', mode],
  ['chown', owner],
  ['mv', moves],
  ...['mkfs', 'wipefs', 'fdisk', 'sfdisk', 'sgdisk', 'parted', 'blkdiscard', 'mkswap', 'diskutil'].map(
    (name): [string, Judge] => [name, always('changes a disk as a whole')],
  ),
  ['shred', always('destroys files beyond recovery')],
  ...['shutdown', 'reboot', 'halt', 'poweroff'].map((name): [string, Judge] => [
    name,
    always('switches the machine off'),
  ]),
  ...['userdel', 'deluser', 'groupdel'].map((name): [string, Judge] => [name, always('deletes an account')]),
  ['dropdb', always('deletes a database')],
  ['crontab', ({ args }) => when(hasOption(args, 'r'), 'deletes all scheduled tasks')],
  [
    'iptables',
    ({ args }) => when(hasOption(args, 'F', '--flush'), 'switches the firewall of the machine off'),
  ],
  ['kubectl', verb('delete', 'drain')],
  ['oc', verb('delete')],
  ['helm', verb('uninstall', 'delete')],
  ['terraform', ({ args }) => infrastructure(args)],
  ['tofu', ({ args }) => infrastructure(args)],
  ['pulumi', verb('destroy')],
  ['gcloud', verb('delete')],
  ['az', verb('delete', 'purge')],
  ['heroku', verb('apps:destroy', 'pg:reset', 'addons:destroy')],
  ['fly', verb('destroy')],
  ['flyctl', verb('destroy')],
  ['gh', ({ args }) => when(positional(args).slice(0, 2).includes('delete'), 'deletes something on GitHub')],
  ['aws', aws],
  [
    'docker',
    ({ args }) =>
      when(
        /^(system|volume|image) prune|^volume rm/.test(positional(args).join(' ')),
        'deletes volumes or images',
      ),
  ],
  ['redis-cli', redis],
  ...['psql', 'mysql', 'mariadb', 'sqlite3', 'sqlcmd', 'clickhouse-client', 'duckdb', 'cqlsh', 'bq'].map(
    (name): [string, Judge] => [name, sql],
  ),
  ...['mongo', 'mongosh'].map((name): [string, Judge] => [
    name,
    ({ args, command }) =>
      when(/dropDatabase|\.drop\(/.test(args.join(' ') + command.input), 'deletes a database or collection'),
  ]),
  ...['Remove-Item', 'rd', 'rmdir', 'del'].map((name): [string, Judge] => [name, removeItem]),
])

const infrastructure = (args: readonly string[]): string | undefined =>
  when(
    positional(args)[0] === 'destroy' || (positional(args)[0] === 'apply' && args.includes('-destroy')),
    'destroys infrastructure',
  )

/** Programs that run what they read. */
const interpreters: ReadonlySet<string> = new Set([
  ...shells,
  ...['python', 'python3', 'node', 'bun', 'deno', 'perl', 'ruby', 'php', 'pwsh', 'powershell', 'iex', 'lua'],
])

const loaders: ReadonlySet<string> = new Set([
  'curl',
  'wget',
  'fetch',
  'aria2c',
  'http',
  'https',
  'iwr',
  'Invoke-WebRequest',
])

const byShape = ({ program, args, command }: ProgramCall): string | undefined => {
  if (program.startsWith('mkfs.')) return 'changes a disk as a whole'
  if (command.redirects.some(({ operator, target }) => operator.startsWith('>') && device.test(target)))
    return 'writes to a disk'
  const loads = (inner: { readonly words: readonly string[] }): boolean =>
    inner.words.some((word) => loaders.has(word.slice(word.lastIndexOf('/') + 1)))
  if (interpreters.has(program)) {
    for (let from = command.pipedFrom; from !== undefined; from = from.pipedFrom) {
      const isScript = !args.includes('-s') && positional(args).some((arg) => arg !== '-')
      if (loads(from) && !isScript) return 'runs what it loads from the network'
    }
  }
  const runsInner = interpreters.has(program) || program === 'eval' || program === 'source' || program === '.'
  return when(runsInner && command.inner.some(loads), 'runs what it loads from the network')
}

/** Is the path, as far as its words tell, somewhere that is not the agent's own? */
const isOutside = (path: string, workspace: Workspace): boolean => {
  const clean = normalise(path)
  if (clean.includes('$') || clean.startsWith('~')) return true
  if (/^([A-Za-z]:|[\\/])/.test(clean)) {
    if (/^\/(tmp|var\/tmp|private\/tmp)\/[^*]/.test(clean)) return false
    return !workspace.folders.some((folder) => clean.startsWith(`${normalise(folder)}/`))
  }
  // The workspace as a whole, and the history that could restore it.
  return clean === '' || clean === '*' || clean.startsWith('..') || clean === '.git'
}

/** Without `.` and with `..` worked out. */
const normalise = (path: string): string => {
  const isAbsolute = path.startsWith('/')
  const kept: string[] = []
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue
    if (step === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (step !== '..' || !isAbsolute) kept.push(step)
  }
  return (isAbsolute ? '/' : '') + kept.join('/')
}

const shown = (path: string): string => (path.length > 80 ? `${path.slice(0, 80)}…` : path)
