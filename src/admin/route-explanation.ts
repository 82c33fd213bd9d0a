/** A rule as the configuration has it, with defaults filled in. */
export interface AdminRoute {
  /** From 1, in the order in which rules are looked at. */
  readonly number: number
  readonly name: string
  readonly match: readonly string[]
  /** What else must hold, in the words of the configuration; null for nothing. */
  readonly when: Readonly<Record<string, unknown>> | null
  readonly strategy: string
  readonly sticky: boolean
  readonly workMode: string
  readonly targets: readonly {
    readonly provider: string
    readonly model: string | null
    readonly weight: number
  }[]
}

/** A request that somebody asks about. */
export interface RouteQuestion {
  readonly model: string
  /** The provider that the path would pin. */
  readonly provider: string | undefined
  /** Protocol or operation; absent: `openai-chat`. */
  readonly endpoint: string | undefined
  /** Name of the port that it comes in at, in `listen.mode: multi`; absent: one that says nothing. */
  readonly port: string | undefined
  /** Name or id of a virtual key; absent: nobody's. */
  readonly key: string | undefined
  readonly headers: Headers
  readonly session: string | undefined
  readonly inputTokens: number
  readonly tools: boolean
  readonly images: boolean
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Where a request would go, and why. */
export interface RouteExplanation {
  readonly model: string
  readonly protocol: string
  readonly operation: string
  /** `unknown`: 404. `denied`: the key may not. `unserved`: there are targets, and none can be asked. */
  readonly outcome: 'routed' | 'unknown' | 'denied' | 'unserved'
  /** What decided, as logs and headers name it. */
  readonly rule: string | null
  readonly strategy: string
  readonly sticky: boolean
  readonly workMode: string
  /** What was looked at, in order. */
  readonly steps: readonly {
    readonly looked: string
    readonly name: string
    readonly fits: boolean
    readonly because: string
  }[]
  /** In the order in which they would be tried, before the strategy has its say. */
  readonly targets: readonly ExplainedTarget[]
  /** What may have been meant, where the name is unknown. */
  readonly nearest: readonly string[]
}

export interface ExplainedTarget {
  readonly provider: string
  readonly model: string
  readonly weight: number
  readonly served: 'untouched' | 'translated' | 'counted' | 'refused' | 'not-served' | 'denied'
  /** What it would be spoken to in. */
  readonly protocol: string | null
  /** Whether it can do all that the request demands, as far as is known; those that cannot are tried last. */
  readonly capable: boolean
}
