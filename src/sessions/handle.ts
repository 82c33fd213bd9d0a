/** What a handle stands for at its provider. */
export type HandleKind =
  | 'response'
  | 'conversation'
  | 'item'
  | 'file'
  | 'container'
  | 'cached-content'
  | 'vector-store'
  | 'other'

/** An id of upstream state that went out, and who may use it. Times are in milliseconds since 1970. */
export interface Handle {
  readonly id: string
  readonly kind: HandleKind
  /** Who it was issued to. Everybody of the organisation may use it. */
  readonly tenant: {
    readonly organisation: string
    readonly team: string | null
    readonly user: string | null
    readonly key: string | null
  }
  /** The provider instance and the credential that reach it; no other does. */
  readonly provider: string
  readonly credential: string
  readonly created: number
  /** When we forget it; `null` is never. */
  readonly expires: number | null
}

/** A handle as it is written to the store. */
export type HandleRow = Handle

/** Can this text be a handle at all? The bound keeps it within what a PostgreSQL index takes. */
export const isHandleId = (text: string): boolean => /^[\x20-\x7e]{1,500}$/.test(text)

export const handleKinds = [
  'response',
  'conversation',
  'item',
  'file',
  'container',
  'cached-content',
  'vector-store',
  'other',
] as const satisfies readonly HandleKind[]

const day = 24 * 3600 * 1000

/**
 * How long we remember a handle after it was last issued. Providers delete responses and containers by themselves
 * (OpenAI keeps responses 30 days: https://platform.openai.com/docs/guides/conversation-state, November 2026);
 * what lives until somebody deletes it is remembered until then.
 */
export const handleLifetime = (kind: HandleKind): number | null =>
  kind === 'response' || kind === 'container' ? 31 * day : kind === 'item' ? 90 * day : null
