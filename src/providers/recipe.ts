import type { ProtocolId } from '../ir/index.ts'
import type { Provider } from './provider.ts'

/** What is particular about a kind of provider; `httpProvider` does the rest. */
export interface Recipe {
  readonly kind: string
  /**
   * Base URL per protocol that it serves, best first. OpenAI's end in the version (`…/v1`), Anthropic's and Gemini's
   * stop before it, as in each vendor's SDK.
   */
  readonly bases: { readonly [id in ProtocolId]?: string }
  /** Model names that lead here without a route: exact, or with `*`. */
  readonly serves: readonly string[]
  readonly credential: CredentialStyle
  readonly streamUsage: Provider['streamUsage']
  /** Below the base of the first protocol: what tells a valid key, where the list of models is open to everybody. */
  readonly keyPath?: string
}

/**
 * Where the key goes. `vendor`: where the protocol's own vendor wants it. `none`: local servers need no key, and get
 * one as a bearer token if it is configured.
 */
export type CredentialStyle = 'vendor' | 'bearer' | 'none'
