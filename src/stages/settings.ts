import { z } from 'zod'
import { settingMeta, text } from '../config/index.ts'

/** Parsed to one shape, however it is written. */
interface RouteTarget {
  readonly provider: string
  /** Absent: the model that the client asked for. */
  readonly model?: string
}

const target = z
  .union([
    text(),
    z.strictObject({
      provider: text().describe('Provider that answers.'),
      model: text().optional().describe('Model to ask for; without it the one that the client named.'),
    }),
  ])
  .register(settingMeta, { expects: 'a provider, or a section with `provider` and `model`' })
  .transform((written): RouteTarget => {
    if (typeof written === 'string') return { provider: written }
    const { provider, model } = written
    return model === undefined ? { provider } : { provider, model }
  })

const route = z.strictObject({
  match: text().describe('Model name; `*` stands for any text.'),
  targets: z
    .array(target)
    .min(1)
    .describe(
      'Who answers, in the order in which they are tried: `openai` or `{ provider: openai, model: gpt-5.1 }`.',
    ),
  name: text().optional().describe('Name of the rule in logs and headers.'),
})

/** The first rule whose `match` fits the model decides. */
export const routesSettings = z
  .array(route)
  .prefault([])
  .register(settingMeta, { reloads: true, expects: 'a list of rules with `match` and `targets`' })
  .describe(
    'Which providers answer for which models; the first match decides. Models without a match go to the providers that know them.',
  )

/** Other name → model name, resolved once, before the routes. */
export const aliasesSettings = z
  .record(z.string().min(1), text())
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('Other names of models: `name: model`. Resolved once, before the routes.')

export const workModeSettings = z
  .enum(['auto', 'passthrough', 'translation'])
  .prefault('auto')
  .register(settingMeta, { reloads: true })
  .describe(
    '`auto` translates where client and provider speak different protocols; `passthrough` refuses those; `translation` refuses the others.',
  )

export const defaultFallbackSettings = text()
  .optional()
  .register(settingMeta, { reloads: true, expects: 'the name of a provider' })
  .describe('Provider for models that no route and no provider knows; without it they are answered with 404.')

export type RoutesSettings = z.output<typeof routesSettings>
export type AliasesSettings = z.output<typeof aliasesSettings>
export type WorkModeSettings = z.output<typeof workModeSettings>
