import type { Finding } from '../finding.ts'

/** What is told about the texts. */
export interface RecogniseContext {
  readonly signal: AbortSignal
  /** ISO 639-1; the recogniser's own where absent. */
  readonly language?: string
  /** Which way the texts go. Default: `input`. */
  readonly direction?: 'input' | 'output'
  readonly model?: string
  /** The operation, as `generate`, `embed`. */
  readonly endpoint?: string
}

/**
 * Finds things in texts by asking somebody else. Throws `SidecarFault` where it got no answer and was told to block;
 * told to allow, it finds nothing then.
 */
export interface Recogniser {
  readonly id: string
  /** Findings of each text, in order of their start and apart; offsets in UTF-16 units. */
  recognise(texts: readonly string[], context: RecogniseContext): Promise<readonly (readonly Finding[])[]>
}

/** Whose words a text is: of the person who asks, or of a document, tool or page that the person did not write. */
export type TextKind = 'user' | 'document'

/** Says how likely a text is an attack. Throws as a recogniser does; told to allow, the score is 0 then. */
export interface Classifier {
  readonly id: string
  classify(text: string, kind: TextKind, signal: AbortSignal): Promise<{ readonly score: number }>
}

export interface FilterRequest {
  readonly direction: 'input' | 'output'
  readonly text: string
  readonly model?: string
  readonly endpoint?: string
  readonly userId?: string
  readonly tenantId?: string
  readonly sessionId?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface FilterVerdict {
  readonly isAllowed: boolean
  readonly reason?: string
  /** The text that is to go on in its place. */
  readonly redacted?: string
  /** What the filter says that it found, by type; places are not part of its contract. */
  readonly types: readonly string[]
}

/** Judges a whole text and may rewrite it. Throws as a recogniser does; told to allow, it allows then. */
export interface Filter {
  readonly id: string
  judge(request: FilterRequest, signal: AbortSignal): Promise<FilterVerdict>
}

export type FaultReason =
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'not-allowed'
  | 'too-large'
  | 'status'
  | 'not-understood'

/** A sidecar gave no usable answer. Never holds a text. */
export class SidecarFault extends Error {
  readonly sidecar: string
  readonly reason: FaultReason
  readonly status: number | undefined

  constructor(sidecar: string, reason: FaultReason, status?: number) {
    super(
      `the sidecar "${sidecar}" gave no usable answer: ${reason}${status === undefined ? '' : ` ${status}`}`,
    )
    this.name = 'SidecarFault'
    this.sidecar = sidecar
    this.reason = reason
    this.status = status
  }
}
