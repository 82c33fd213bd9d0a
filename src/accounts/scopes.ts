import { z } from 'zod'
import { compileGlob, type Glob } from './glob.ts'

/** What a virtual key may use. `null` is "everything", an empty list is "nothing". */
export interface KeyScopes {
  /** Globs on the model's name, e.g. `claude-*`. */
  readonly models: readonly string[] | null
  /** Names of operations (`embed`) and protocols (`openai-chat`): one that names the request suffices. */
  readonly endpoints: readonly string[] | null
  /** Ids of provider instances. */
  readonly providers: readonly string[] | null
}

/** What a request wants; what is absent is not asked about. */
export interface Wanted {
  readonly model?: string
  readonly operation?: string
  readonly protocol?: string
  readonly provider?: string
}

export type ScopeTest = (wanted: Wanted) => boolean

export const unlimitedScopes: KeyScopes = { models: null, endpoints: null, providers: null }

const names = z.array(z.string().min(1).max(200)).max(500).readonly().nullable().default(null)

/** Strict: for what an operator gives. Absent lists are `null`. */
export const keyScopesSchema = z.strictObject({ models: names, endpoints: names, providers: names })

/** Compiles the lists once; the result is called on every request. */
export const compileScopes = (scopes: KeyScopes): ScopeTest => {
  const models = compileModels(scopes.models)
  const endpoints = scopes.endpoints === null ? null : new Set(scopes.endpoints)
  const providers = scopes.providers === null ? null : new Set(scopes.providers)
  return ({ model, operation, protocol, provider }) => {
    if (model !== undefined && !models(model)) return false
    if (provider !== undefined && providers !== null && !providers.has(provider)) return false
    if (endpoints === null || (operation === undefined && protocol === undefined)) return true
    return (
      (operation !== undefined && endpoints.has(operation)) ||
      (protocol !== undefined && endpoints.has(protocol))
    )
  }
}

const compileModels = (patterns: readonly string[] | null): Glob => {
  if (patterns === null) return () => true
  const globs = patterns.map(compileGlob)
  return (model) => globs.some((glob) => glob(model))
}
