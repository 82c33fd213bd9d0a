import { expect } from 'bun:test'
import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { isConfigError } from './config-error.ts'
import { byteSize, duration, filePath, httpUrl, secretText, text, wholeNumber } from './fields.ts'
import { type CheckFinding, type LoadedConfig, loadConfig } from './load-config.ts'
import { settingMeta } from './setting-meta.ts'

/** A small configuration with one field of each form, and files that exist only in the test. */

const schema = z.strictObject({
  listen: z
    .strictObject({
      host: text().prefault('127.0.0.1'),
      port: wholeNumber(0, 65_535).prefault(8081),
      max_body: byteSize().prefault('32MB'),
      idle: duration().prefault('30s'),
      tls: z.strictObject({ cert_file: filePath(), key_file: filePath() }).optional(),
    })
    .prefault({}),
  mode: z.enum(['auto', 'passthrough']).prefault('auto'),
  data_dir: filePath().prefault('~/.tollgate'),
  debug: z.boolean().prefault(false),
  providers: z
    .record(
      z.string().regex(/^[a-z-]+$/, { error: 'a provider is named in lower case' }),
      z.strictObject({
        base_url: httpUrl().optional(),
        api_key: secretText().optional(),
        api_keys: z.array(secretText()).optional(),
        headers: z.record(z.string(), z.string()).optional().register(settingMeta, { secret: 'value' }),
      }),
    )
    .prefault({}),
  routes: z
    .array(
      z.strictObject({
        match: text(),
        targets: z.array(z.union([text(), z.strictObject({ provider: text(), model: text().optional() })])),
      }),
    )
    .prefault([]),
  aliases: z.record(z.string(), text()).prefault({}),
})
export type Parsed = z.output<typeof schema>

export const cwd = '/srv/app'
export const main = `${cwd}/tollgate.yaml`

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, unknown>>
  readonly check?: (settings: Parsed) => readonly CheckFinding[]
}

export const load = ({ files = {}, env = {}, flags = {}, check }: Given): LoadedConfig<Parsed> =>
  loadConfig({
    schema,
    env,
    flags,
    cwd,
    home: '/home/me',
    readFile: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
    ...(check && { check }),
  })

/** With `content` as `tollgate.yaml`. */
export const yaml = (content: string, more: Omit<Given, 'files'> = {}) =>
  load({ ...more, files: { [main]: content } })

/** `line:column path: message`, or the source in place of the line, of every problem. */
export const problemsOf = (attempt: () => unknown): readonly string[] => {
  try {
    attempt()
  } catch (error) {
    if (!isConfigError(error)) throw error
    expect(error).toBeInstanceOf(GatewayError)
    for (const { message } of error.problems) expect(error.message).toContain(message)
    return error.problems.map(({ file, line, column, source, path, message }) => {
      const place = file === undefined ? source : `${file === main ? '' : file}${line}:${column}`
      return `${place} ${path}: ${message}`
    })
  }
  throw new Error('expected the configuration to be refused')
}
