import { compileGlobs } from '../glob.ts'
import { type ProgramCall, positional, valueAfter } from './programs.ts'

/** May data go to this host? Names in lower case; globs like `*.example.org` stand for every name below. */
export type HostTest = (host: string) => boolean

/** What stays on the machine may always be reached. */
export const compileHosts = (allowed: readonly string[]): HostTest => {
  const test = compileGlobs(allowed.map((host) => host.toLowerCase()))
  return (host) => isLoopback(host) || test(host)
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host.endsWith('.localhost') ||
  host === '[::1]' ||
  host === '::1' ||
  /^127\.\d+\.\d+\.\d+$/.test(host)

/** The host of an address, as a browser would understand it; undefined where there is none. */
export const hostOf = (address: string): string | undefined => {
  try {
    const { hostname } = new URL(address)
    return hostname === '' ? undefined : hostname.toLowerCase().replace(/\.$/, '')
  } catch {
    return undefined
  }
}

/** Hosts of all addresses with a scheme that stand in a text. */
export const hostsIn = (text: string): readonly string[] => {
  const hosts: string[] = []
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    let start = at
    while (start > 0 && at - start < 20 && /[a-z0-9+.-]/i.test(text[start - 1] ?? '')) start--
    const rest = text.slice(start, at + 300)
    const end = rest.search(/[\s"'`<>)\]},;|]/)
    const address = end < 0 ? rest : rest.slice(0, end)
    hosts.push(hostOf(address.replace(/^[^a-z]+/i, '')) ?? unknownHost)
  }
  return hosts
}

/** What a variable or a substitution will say. */
export const unknownHost = '(unknown)'

/** Hosts that a program call reaches for; empty for programs that stay where they are. */
export const hostsOf = (call: ProgramCall): readonly string[] => {
  const { program, args, command } = call
  const devices = command.redirects.flatMap(({ target }) => {
    const host = /^\/dev\/(?:tcp|udp)\/([^/]+)\//.exec(target)?.[1]
    return host === undefined ? [] : [named(host)]
  })
  const reach = reaches.get(program)
  if (reach !== undefined) return [...devices, ...reach(args).map(named)]
  if (program === 'git') return [...devices, ...gitHosts(args)]
  if (readers.has(program)) return [...devices, ...hostsIn(`${args.join(' ')} ${command.input}`)]
  return devices
}

/** Programs that run code, or load packages, which may name addresses. */
const readers: ReadonlySet<string> = new Set([
  ...[
    'python',
    'python3',
    'node',
    'bun',
    'deno',
    'perl',
    'ruby',
    'php',
    'lua',
    'awk',
    'gawk',
    'pwsh',
    'powershell',
  ],
  ...[
    'npm',
    'npx',
    'pnpm',
    'yarn',
    'pip',
    'pip3',
    'uv',
    'uvx',
    'pipx',
    'cargo',
    'go',
    'gem',
    'docker',
    'podman',
  ],
  ...[
    'aws',
    'gsutil',
    'rclone',
    'iwr',
    'Invoke-WebRequest',
    'Invoke-RestMethod',
    'irm',
    'start',
    'open',
    'xdg-open',
  ],
])

type Reach = (args: readonly string[]) => readonly string[]

/** One-letter options that take a word, by program. */
const curlTakes = 'AbcCdDeEFhHKmoPQrtTuUwxXyYz'
const sshTakes = 'bcDEeFIiJLlmOopQRSWw'

const curl: Reach = (args) => [
  ...longPositional(args, curlTakes),
  ...[valueAfter(args, '-x', '--proxy', '--socks5', '--preproxy')].filter((value) => value !== undefined),
]

/** Long options of curl and wget take words as well; what follows one is an address only where it looks like one. */
const longPositional = (args: readonly string[], takes: string): readonly string[] => {
  const found: string[] = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    const before = args[at - 1] ?? ''
    if (arg.startsWith('--url=')) found.push(arg.slice(6))
    else if (arg.startsWith('-')) {
      if (/^-\w+$/.test(arg) && takes.includes(arg.at(-1) ?? '-')) at++
    } else if (!before.startsWith('--') || before === '--url' || looksLikeAddress(arg)) found.push(arg)
  }
  return found
}

const looksLikeAddress = (word: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(word) || word.startsWith('$')

const first =
  (takes: string): Reach =>
  (args) =>
    positional(args, takes).slice(0, 1)

/** `[user@]host:path` on either side. */
const copies: Reach = (args) =>
  positional(args, `${sshTakes}P`).filter((arg) => /^[^/]*:/.test(arg) && !/^[A-Za-z]:[\\/]/.test(arg))

const reaches: ReadonlyMap<string, Reach> = new Map<string, Reach>([
  ['curl', curl],
  ['wget', (args) => longPositional(args, 'aoOeQtTUP')],
  ['fetch', first('o')],
  ['aria2c', (args) => longPositional(args, 'dojsx')],
  [
    'http',
    (args) =>
      positional(args, 'ao')
        .filter((arg) => !/^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/.test(arg))
        .slice(0, 1),
  ],
  ['https', first('ao')],
  ['lynx', first('')],
  ['ssh', first(sshTakes)],
  ['sftp', first(sshTakes)],
  ['scp', copies],
  ['rsync', copies],
  ['nc', first('eGgIiMmOPpqSsTVWwXx')],
  ['ncat', first('ceGgiOops')],
  ['netcat', first('ep')],
  ['telnet', first('')],
  ['ftp', first('')],
  [
    'socat',
    (args) =>
      args.flatMap(
        (arg) => /^(?:tcp|udp|openssl|ssl|sctp)[46]?(?:-connect)?:([^:,]+)/i.exec(arg)?.slice(1, 2) ?? [],
      ),
  ],
  ['openssl', (args) => [valueAfter(args, '-connect')].filter((value) => value !== undefined)],
  [
    'dig',
    (args) =>
      positional(args, 'bcfkpqtxy')
        .map((arg) => arg.replace(/^@/, ''))
        .slice(0, 2),
  ],
  ['nslookup', first('')],
  ['host', first('tWc')],
  ['ping', first('cisWwIt')],
])

const gitHosts = (args: readonly string[]): readonly string[] =>
  positional(args, 'Cc').flatMap((arg) => {
    if (arg.includes('://')) return [hostOf(arg) ?? unknownHost]
    const host = /^(?:[\w.-]+@)([\w.-]+):/.exec(arg)?.[1]
    return host === undefined ? [] : [host.toLowerCase()]
  })

/** The host of a word that a program takes for one: `user@host:path`, `host:port`, an address. */
const named = (word: string): string => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) {
    const host = hostOf(word)
    return host === undefined || /[$%]/.test(host) ? unknownHost : host
  }
  const host = hostOf(`http://${word.replace(/^([^@/]*@)?([^:/]+):(?!\d+(\/|$)).*$/s, '$2')}`)
  return host === undefined || /[$`%]/.test(word.split('/')[0] ?? '') ? unknownHost : host
}
