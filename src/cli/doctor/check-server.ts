import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { portNames } from '../../http/index.ts'
import { databaseUrl, type Settings } from '../../settings.ts'
import type { serverStatus } from '../../supervisor/index.ts'
import type { CliContext } from '../cli-context.ts'
import { errorText } from '../output.ts'
import { type Finding, fine, remark, wrong } from './finding.ts'

/** The ports of the settings: held by the server of this data folder, or free. */
export const checkPorts = async (
  { listen }: Settings,
  holder: ReturnType<typeof serverStatus>,
): Promise<readonly Finding[]> => {
  const wanted: readonly (readonly [string, number])[] =
    listen.mode === 'single'
      ? [['facade', listen.port]]
      : portNames
          .filter((name) => listen.endpoints[name].length > 0)
          .map((name) => [name, listen.ports[name]])
  const findings: Finding[] = []
  for (const [name, port] of wanted) {
    const check = listen.mode === 'single' ? 'port' : `port ${name}`
    const held = holder?.ready?.ports[name]
    if (held !== undefined && (port === 0 || held === port))
      findings.push(fine(check, `${held}, held by the server`))
    else if (held !== undefined)
      findings.push(remark(check, `the server holds ${held}; the settings say ${port}`, 'restart the server'))
    else if (port === 0) findings.push(fine(check, 'any free one'))
    else findings.push(await checkPort(check, listen.host, port))
  }
  return findings
}

const checkPort = async (check: string, host: string, port: number): Promise<Finding> => {
  const code = await tryToListen(host, port)
  const where = `${host}:${port}`
  if (code === undefined) return fine(check, `${where} is free`)
  if (code === 'EADDRINUSE')
    return wrong(check, `${where} is taken by another program`, 'end that program, or set listen.port')
  if (code === 'EACCES') return wrong(check, `${where} needs more rights`, 'set listen.port to 1024 or more')
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return wrong(check, `${host} is not an address of this machine`, 'correct listen.host')
  return wrong(check, `cannot listen on ${where} (${code})`, 'correct listen.host and listen.port')
}

/** The code of what went wrong; undefined when it went well. */
const tryToListen = (host: string, port: number): Promise<string | undefined> =>
  new Promise((settle) => {
    const server = createServer()
    server.once('error', (error) => settle('code' in error ? String(error.code) : 'unknown'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => settle(undefined)))
  })

/** Can the database be opened and read? */
export const checkDatabase = async ({ actions }: CliContext, settings: Settings): Promise<Finding> => {
  const check = 'database'
  const url = databaseUrl(settings)
  const file = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined
  if (file === ':memory:')
    return remark(check, 'in memory: everything is lost at a restart', 'remove database.url')
  if (file !== undefined && !existsSync(file))
    return remark(check, `${file} does not exist; the first start makes it`)
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(() => deadline.reject(new Error('no answer within 10 s')), 10_000)
  try {
    await Promise.race([actions.reachDatabase(settings), deadline.promise])
    return fine(check, file ?? 'postgres answers')
  } catch (error) {
    return wrong(
      check,
      `${file ?? 'postgres'}: ${errorText(error)}`,
      file === undefined
        ? 'check database.url and that the database runs'
        : 'check that the file belongs to the user that runs the server; restore it from a backup if it is damaged',
    )
  } finally {
    clearTimeout(timer)
  }
}

/** Does the Redis of the settings answer, and has it what they want? A gateway runs without: it is worth a note. */
export const checkRedis = async (
  { actions }: CliContext,
  settings: Settings,
): Promise<readonly Finding[]> => {
  const check = 'redis'
  const trial = await actions.reachRedis(settings)
  if (trial === undefined) return []
  if (trial.reason !== undefined)
    return [
      remark(
        check,
        `${trial.reason}; until it answers, every gateway goes on alone`,
        'check redis.url, its password, for rediss:// its certificate (ca_file), and that Redis runs and takes writes',
      ),
    ]
  if (settings.cache.similar.index === 'redis-vector-sets' && !trial.hasVectorSets)
    return [
      remark(
        check,
        'it has no vector sets; no question is found that means the same',
        'use Redis 8.0 or newer, or set cache.similar.index to memory',
      ),
    ]
  return [fine(check, 'answers')]
}
