import { type ProgramCall, positional } from './programs.ts'

/** Names of packages that a program call would load and run or install; without those that a file of the project lists. */
export const installedBy = ({ program, args }: ProgramCall): readonly string[] => {
  const name = program === 'python' || program === 'python3' ? moduleOf(args) : program
  const rest = name === program ? args : args.slice(args.indexOf('-m') + 2)
  return (managers.get(name)?.(rest) ?? []).map(plainName).filter((found) => found !== '')
}

const moduleOf = (args: readonly string[]): string => {
  const at = args.indexOf('-m')
  return at < 0 ? '' : (args[at + 1] ?? '')
}

type Packages = (args: readonly string[]) => readonly string[]

/** Words after one of the verbs. */
const after =
  (verbs: readonly string[], takes = ''): Packages =>
  (args) => {
    const words = positional(args, takes)
    const at = words.findIndex((word) => verbs.includes(word))
    return at < 0 || at > 1 ? [] : words.slice(at + 1)
  }

/** Only the first word: the rest are its arguments. */
const runs =
  (...verbs: readonly string[]): Packages =>
  (args) =>
    (verbs.length === 0 ? positional(args) : after(verbs)(args)).slice(0, 1)

const both =
  (...parts: readonly Packages[]): Packages =>
  (args) =>
    parts.flatMap((part) => part(args))

const pip = after(['install', 'download'], 'rceti')
const system = after(['install', 'add', 'reinstall'], 'tco')

const managers: ReadonlyMap<string, Packages> = new Map<string, Packages>([
  ['npm', both(after(['install', 'i', 'add', 'isntall', 'in']), runs('exec', 'x', 'create', 'init'))],
  ['pnpm', both(after(['install', 'i', 'add']), runs('dlx', 'create'))],
  ['yarn', both(after(['add']), runs('dlx', 'create'))],
  ['bun', both(after(['add', 'install', 'i']), runs('x', 'create'))],
  ['npx', runs()],
  ['bunx', runs()],
  ['pip', pip],
  ['pip3', pip],
  ['uv', both(after(['add', 'install']), (args) => (args[0] === 'pip' ? pip(args.slice(1)) : []))],
  ['uvx', runs()],
  ['pipx', both(after(['install']), runs('run'))],
  ['poetry', after(['add'])],
  ['conda', after(['install', 'create'], 'cnp')],
  ['mamba', after(['install', 'create'], 'cnp')],
  ['cargo', after(['install', 'add'], 'FZ')],
  ['go', after(['install', 'get'])],
  ['gem', after(['install', 'i'], 'vis')],
  ['bundle', after(['add'])],
  ['brew', after(['install', 'tap', 'reinstall'])],
  ['apt', system],
  ['apt-get', system],
  ['aptitude', system],
  ['dnf', system],
  ['yum', system],
  ['zypper', system],
  ['apk', system],
  ['snap', system],
  ['port', system],
  ['choco', system],
  ['winget', system],
  ['scoop', system],
  ['pacman', (args) => (args.some((arg) => /^-S/.test(arg)) ? positional(args) : [])],
  ['composer', after(['require'])],
  [
    'dotnet',
    (args) => (args[0] === 'add' ? after(['package'])(args.slice(1)) : after(['install'])(args.slice(1))),
  ],
])

/** Without version, extras and pins; folders and files of one's own are no packages. */
const plainName = (word: string): string => {
  if (/^\.{0,2}\/|^\.$|^~|\.(txt|toml|whl|tgz|deb|rpm|gemspec)$/.test(word) && !word.includes('://'))
    return ''
  if (word.includes('://') || word.startsWith('git+')) return word
  return word.replace(/(?<=.)@[^/]*$/, '').replace(/[[<>=!~;,^ ].*$/, '')
}
