import { Command } from 'commander'
import type { SealedKey } from '../../cli-actions.ts'
import { formatProblem, isConfigError, type LoadedConfig } from '../../config/index.ts'
import type { Settings } from '../../settings.ts'
import { serverStatus } from '../../supervisor/index.ts'
import { localClient } from '../admin-client.ts'
import { credentialsSchema, healthSchema, missingPricesSchema, readAnswer } from '../answers.ts'
import { type CliContext, wantsColour } from '../cli-context.ts'
import { checkFolder, checkToken } from '../doctor/check-folder.ts'
import { checkProviders } from '../doctor/check-providers.ts'
import { checkDatabase, checkPorts, checkRedis } from '../doctor/check-server.ts'
import { checkSidecars } from '../doctor/check-sidecars.ts'
import { type Finding, fine, remark, wrong } from '../doctor/finding.ts'
import { checkProxy } from '../doctor/proxy.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer, errorText } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import {
  addJsonOption,
  addPlaceOptions,
  type JsonOption,
  type PlaceOptions,
  placeFlags,
} from '../start-flags.ts'
import { printable } from '../table.ts'

export const doctorCommand: CommandMaker = (context, done) => {
  const command = new Command('doctor').description(
    'look at everything that the server needs, and tell what is wrong and how to fix it; makes no call that costs',
  )
  addJsonOption(addPlaceOptions(command)).addHelpText('after', '\nExample:\n  $ tgw doctor\n')
  return command.action(async (options: PlaceOptions & JsonOption) => {
    const findings = await examine(context, options)
    const ok = findings.every(({ state }) => state !== 'wrong')
    answer(context, options, { ok, findings }, () => report(findings, wantsColour(context)))
    done(ok ? exitCodes.ok : exitCodes.failed)
  })
}

const examine = async (context: CliContext, options: PlaceOptions): Promise<readonly Finding[]> => {
  const { env, actions } = context
  let config: LoadedConfig<Settings>
  try {
    config = actions.load(placeFlags(options))
  } catch (error) {
    if (!isConfigError(error)) throw error
    return [
      ...error.problems.map((problem) =>
        wrong('config', formatProblem(problem), 'correct it, then run the doctor again'),
      ),
      ...checkProxy(env),
    ]
  }
  const { settings, files, warnings } = config
  const holder = serverStatus(settings.data_dir)
  const { finding: server, sealed, prices } = await checkServer(context, settings, holder)
  return [
    fine(
      'config',
      files.length === 0 ? 'valid; no file, defaults and environment count' : `valid: ${files.join(', ')}`,
    ),
    ...warnings.map((warning) => remark('config', formatProblem(warning))),
    ...(await checkFolder(settings)),
    ...checkToken(settings.data_dir),
    await checkDatabase(context, settings),
    ...(await checkRedis(context, settings)),
    server,
    ...(await checkPorts(settings, holder)),
    ...(await checkProviders(settings, env, sealed)),
    ...(await checkSidecars(context, settings)),
    ...(prices === undefined ? [] : [prices]),
    ...checkProxy(env),
  ]
}

interface ServerFinding {
  readonly finding: Finding
  /** What the vault holds; undefined where nobody can be asked. */
  readonly sealed: readonly SealedKey[] | undefined
  /** Do the models in use have prices? Absent where nobody can be asked. */
  readonly prices?: Finding
}

const checkServer = async (
  context: CliContext,
  settings: Settings,
  holder: ReturnType<typeof serverStatus>,
): Promise<ServerFinding> => {
  const check = 'server'
  if (holder === undefined)
    return {
      finding: remark(check, 'does not run', 'tgw start'),
      sealed: await sealedOffline(context, settings),
    }
  const running = `pid ${holder.pid}`
  try {
    const client = localClient(settings.data_dir, settings.listen.tls !== undefined)
    if (client === undefined) {
      const message = `${running} does not answer: it is starting or stopping`
      return { finding: wrong(check, message, 'look at `tgw logs`'), sealed: undefined }
    }
    const health = readAnswer(healthSchema, await client.call('GET', '/health'))
    const { credentials } = readAnswer(credentialsSchema, await client.call('GET', '/credentials'))
    const message = `${running} answers at ${client.url}, ${health.status}, version ${health.version}`
    const finding =
      health.status === 'ok'
        ? fine(check, message)
        : wrong(check, message, 'look at `tgw logs` and the database')
    const { missing } = readAnswer(missingPricesSchema, await client.call('GET', '/prices?missing=1'))
    return { finding, sealed: credentials, prices: checkPrices(missing) }
  } catch (error) {
    return {
      finding: wrong(check, `${running}: ${errorText(error)}`, 'look at `tgw logs`'),
      sealed: undefined,
    }
  }
}

const checkPrices = (missing: readonly { readonly provider: string; readonly model: string }[]): Finding => {
  if (missing.length === 0) return fine('prices', 'every model in use has one')
  const names = missing.slice(0, 5).map(({ provider, model }) => `${provider}/${model}`)
  const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : ''
  return remark(
    'prices',
    `${names.join(', ')}${more} were called in the last 30 days and cost nobody knows how much`,
    'give them a price in `prices`, or import one with `tgw prices update`; `tgw prices list --missing` names all',
  )
}

/** A database that cannot be opened has a finding of its own. */
const sealedOffline = (
  { actions }: CliContext,
  settings: Settings,
): Promise<readonly SealedKey[] | undefined> => actions.listSealed(settings).catch(() => undefined)

const marks = { ok: ['ok', 32], note: ['note', 33], wrong: ['WRONG', 31] } as const

const report = (findings: readonly Finding[], colour: boolean): string => {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, state, message, fix }) => {
    const [word, code] = marks[state]
    const mark = colour ? `\u001b[${code}m${word.padEnd(5)}\u001b[0m` : word.padEnd(5)
    const line = `${mark}  ${check.padEnd(width)}  ${printable(message)}\n`
    return fix === undefined ? [line] : [line, `${' '.repeat(width + 9)}fix: ${fix}\n`]
  })
  const faults = findings.filter(({ state }) => state === 'wrong').length
  return `${lines.join('')}\n${faults === 0 ? 'nothing is wrong' : `${faults} wrong`}\n`
}
