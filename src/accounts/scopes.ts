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
  /** Globs on the tags that a request may name, e.g. `project-*`. The key's own tags are not asked about. */
  readonly tags: readonly string[] | null
}

/** What a request wants; what is absent is not asked about. */
export interface Wanted {
  readonly model?: string
  readonly operation?: string
  readonly protocol?: string
  readonly provider?: string
  readonly tag?: string
}

export type ScopeTest = (wanted: Wanted) => boolean

export const unlimitedScopes: KeyScopes = {
  models: null,
  endpoints: null,
  providers: null,
  tags: null,
}

const names = z.array(z.string().min(1).max(200)).max(500).readonly().nullable()
const namesOrAll = names.default(null)

/** Strict: for what an operator gives. Absent lists are `null`. */
export const keyScopesSchema = z.strictObject({
  models: namesOrAll,
  endpoints: namesOrAll,
  providers: namesOrAll,
  tags: namesOrAll,
})

/** The lists that change; absent ones stay as they are. */
export const scopesChangeSchema = z.strictObject({
  models: names.exactOptional(),
  endpoints: names.exactOptional(),
  providers: names.exactOptional(),
  tags: names.exactOptional(),
})

/** Compiles the lists once; the result is called on every request. */
export const compileScopes = (scopes: KeyScopes): ScopeTest => {
  const models = compileGlobs(scopes.models)
  const tags = compileGlobs(scopes.tags)
  const endpoints = scopes.endpoints === null ? null : new Set(scopes.endpoints)
  const providers = scopes.providers === null ? null : new Set(scopes.providers)
  return ({ model, operation, protocol, provider, tag }) => {
    if (model !== undefined && !models(model)) return false
    if (tag !== undefined && !tags(tag)) return false
    if (provider !== undefined && providers !== null && !providers.has(provider)) return false
    if (endpoints === null || (operation === undefined && protocol === undefined)) return true
    return (
      (operation !== undefined && endpoints.has(operation)) ||
      (protocol !== undefined && endpoints.has(protocol))
    )
  }
}

const compileGlobs = (patterns: readonly string[] | null): Glob => {
  if (patterns === null) return () => true
  const globs = patterns.map(compileGlob)
  return (text) => globs.some((glob) => glob(text))
}
