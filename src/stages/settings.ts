import { z } from 'zod'
import { filePath, settingMeta, text } from '../config/index.ts'
import { workModes } from '../ir/index.ts'
import { route, singleTarget } from './route-settings.ts'

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
  .enum(workModes)
  .prefault('auto')
  .register(settingMeta, { reloads: true })
  .describe(
    '`auto` translates where client and provider speak different protocols; `passthrough` refuses those; `translation` refuses the others.',
  )

/** Anthropic's `pause_turn`, for clients that do not know it (translation.md §11.2). */
export const continuePausedSettings = z
  .int()
  .min(0)
  .max(50)
  .prefault(10)
  .register(settingMeta, { reloads: true })
  .describe(
    'How often one answer that its provider pauses in the middle of running tools goes on by itself, for clients whose protocol knows no pause; 0 never.',
  )

export const defaultFallbackSettings = singleTarget
  .optional()
  .register(settingMeta, { reloads: true, expects: 'a provider, or a section with `provider` and `model`' })
  .describe(
    'Provider, or provider and model, for names that no route and no provider knows; without it they are answered with 404.',
  )

/** More aliases, in files of their own. */
export const aliasFilesSettings = z
  .array(filePath())
  .prefault([])
  .register(settingMeta, { reloads: true, expects: 'a list of paths' })
  .describe(
    'Files with more aliases, YAML or JSON: `name: model`. Read anew when they change; `aliases` wins over them.',
  )

export const aliasFolderSettings = filePath()
  .optional()
  .register(settingMeta, { reloads: true })
  .describe(
    'Folder with more files of aliases: all `*.yaml`, `*.yml` and `*.json`, later names winning over earlier ones. Read anew when one changes, appears or goes.',
  )

export const familyAliasesSettings = z
  .enum(['on', 'off'])
  .prefault('on')
  .register(settingMeta, { reloads: true })
  .describe(
    '`on`: names of lines of models, such as `claude-sonnet`, stand for the newest model of the line that a configured provider lists.',
  )

export type RoutesSettings = z.output<typeof routesSettings>
export type AliasesSettings = z.output<typeof aliasesSettings>
export type WorkModeSettings = z.output<typeof workModeSettings>
