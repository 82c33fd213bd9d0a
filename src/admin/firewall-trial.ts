/** A text that somebody wants to hold against the firewall. */
export interface FirewallQuestion {
  readonly text: string
  readonly role: 'user' | 'assistant' | 'system' | 'tool'
  readonly direction: 'input' | 'output'
  /** Id of a virtual key whose policy counts; absent: the gateway's own. */
  readonly key: string | undefined
  /** Only what this organisation may see; null for all. */
  readonly organisation: string | null
}

/** What the firewall would do with a text. It shows where something stands, and the text as a provider would see it. */
export interface FirewallTrial {
  readonly isRefused: boolean
  readonly findings: readonly {
    readonly detector: string
    readonly type: string
    readonly rule: string
    readonly confidence: number
    readonly action: 'reported' | 'redacted' | 'refused'
    /** UTF-16 code units of the text, the end not included. */
    readonly start: number
    readonly end: number
    /** From 1, of the start. */
    readonly line: number
    readonly column: number
  }[]
  /** With placeholders in place of what is redacted. */
  readonly text: string
  /** What is done with what each detector finds. */
  readonly modes: Readonly<Record<string, string>>
}
