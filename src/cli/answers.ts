import { z } from 'zod'
import { GatewayError } from '../errors.ts'

/** What the admin API answers, as far as the command line reads it: a newer server may say more. */

const names = z.array(z.string()).nullable()

export const keySchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.looseObject({ models: names, endpoints: names, providers: names, tags: names }),
  options: z.looseObject({
    workMode: z.string().nullable(),
    tags: z.array(z.string()),
    allowedAddresses: names,
    routing: z.looseObject({ strategy: z.string().nullable(), prefer: z.array(z.string()) }),
  }),
  metadata: z.record(z.string(), z.unknown()),
  disabled: z.boolean(),
  expiresAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
  lastUsedAt: z.number().nullable(),
  createdAt: z.number(),
})

export type ListedKey = z.output<typeof keySchema>

export const keysSchema = z.looseObject({ keys: z.array(keySchema) })

export const issuedKeySchema = keySchema.extend({ secret: z.string() })

const sums = {
  requests: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  cacheWriteLongTokens: z.number().default(0),
  reasoningTokens: z.number(),
  unpriced: z.number(),
  reported: z.number().default(0),
  counted: z.number().default(0),
  estimated: z.number().default(0),
  costUsd: z.string(),
}

export const usageSchema = z.looseObject({
  total: z.looseObject(sums),
  rows: z.array(
    z.looseObject({
      group: z.string().nullable(),
      groups: z.record(z.string(), z.string().nullable()).optional(),
      ...sums,
    }),
  ),
  isCut: z.boolean().optional(),
})

const limitWindow = {
  unit: z.string(),
  per: z.string().nullable(),
  limit: z.number(),
  burst: z.number(),
}

export const limitsSchema = z.looseObject({
  rules: z.array(
    z.looseObject({
      level: z.string(),
      match: z.string().nullable(),
      windows: z.array(z.looseObject(limitWindow)),
    }),
  ),
  providers: z
    .array(
      z.looseObject({
        provider: z.string(),
        per: z.string(),
        windows: z.array(z.looseObject(limitWindow)),
        queue: z.looseObject({ longestWaitMs: z.number(), mostWaiting: z.number() }).nullable(),
      }),
    )
    .optional(),
  runaway: z.looseObject({ repeats: z.number(), windowMs: z.number() }).nullable(),
  levels: z.array(
    z.looseObject({
      ...limitWindow,
      level: z.string(),
      subject: z.string().nullable(),
      left: z.number(),
      fullInMs: z.number().nullable(),
    }),
  ),
})

export const firewallTrialSchema = z.looseObject({
  isRefused: z.boolean(),
  findings: z.array(
    z.looseObject({
      detector: z.string(),
      type: z.string(),
      rule: z.string(),
      confidence: z.number(),
      action: z.string(),
      line: z.number(),
      column: z.number(),
    }),
  ),
  text: z.string(),
  modes: z.record(z.string(), z.string()),
})

export const firewallReportSchema = z.looseObject({
  rows: z.array(
    z.looseObject({
      detector: z.string(),
      type: z.string(),
      direction: z.string(),
      action: z.string(),
      key: z.string().nullable().optional(),
      exchanges: z.number(),
      findings: z.number(),
      last: z.number(),
    }),
  ),
})

export const cacheStatsSchema = z.looseObject({
  hits: z.number(),
  similarHits: z.number(),
  judgedRight: z.number(),
  judgedWrong: z.number(),
  misses: z.number(),
  bypasses: z.number(),
  kept: z.number(),
  tooLarge: z.number(),
  faults: z.number(),
  savedUsd: z.string(),
  size: z.looseObject({ entries: z.number(), bytes: z.number(), evicted: z.number() }).nullable(),
  similar: z.looseObject({ isShared: z.boolean(), questions: z.number() }).nullable(),
})

export const cacheExplanationSchema = z.looseObject({
  exchange: z.string(),
  result: z.string(),
  reason: z.string().nullable(),
  unkept: z.string().nullable(),
  age: z.number().nullable(),
  similar: z
    .looseObject({
      result: z.string(),
      difference: z.string().optional(),
      similarity: z.number().optional(),
      certainty: z.number().optional(),
    })
    .nullable(),
  key: z.string().nullable(),
  savedUsd: z.string().nullable(),
  kept: z
    .looseObject({ at: z.number(), client: z.string(), provider: z.string(), model: z.string() })
    .nullable(),
  differs: z.array(z.string()).nullable(),
})

export const cachePurgeSchema = z.looseObject({ purged: z.number() })

export const modelsSchema = z.looseObject({
  models: z.array(
    z.looseObject({
      id: z.string(),
      provider: z.string(),
      operations: z.array(z.string()),
      contextWindow: z.number().nullable(),
      maxOutputTokens: z.number().nullable(),
      price: z.looseObject({ input: z.string().nullable(), output: z.string().nullable() }).nullable(),
    }),
  ),
})

export const healthSchema = z.looseObject({
  status: z.string(),
  version: z.string(),
  startedAt: z.number(),
  listeners: z.array(z.string()),
  openExchanges: z.number(),
  ledger: z.looseObject({ state: z.string(), pending: z.number() }),
  database: z.string(),
  redis: z.string().optional(),
  workers: z
    .array(
      z.looseObject({
        number: z.number(),
        pid: z.number(),
        startedAt: z.number(),
        restarts: z.number(),
        status: z.string(),
        openExchanges: z.number(),
      }),
    )
    .optional(),
  configFiles: z.array(z.string()),
})

export const credentialsSchema = z.looseObject({
  credentials: z.array(
    z.looseObject({ provider: z.string(), label: z.string(), origin: z.string(), state: z.string() }),
  ),
})

const interval = z.looseObject({ value: z.number(), low: z.number(), high: z.number() }).nullable()
const share = z.looseObject({ hits: z.number(), of: z.number(), share: interval })
const shadowTarget = z.looseObject({ provider: z.string(), model: z.string() })

export const shadowReportSchema = z.looseObject({
  pairs: z.array(
    z.looseObject({
      route: z.string(),
      primary: shadowTarget,
      shadow: shadowTarget,
      copies: z.looseObject({
        compared: z.number(),
        failed: z.number(),
        unreadable: z.number(),
        unfinished: z.number(),
      }),
      answered: share,
      equivalent: share,
      sameStop: share,
      sameToolCalls: share,
      primaryJson: share,
      shadowJson: share,
      similarity: z.looseObject({ copies: z.number(), mean: interval }),
      lengthRatio: z.looseObject({ copies: z.number(), median: z.number().nullable() }),
      latency: z.looseObject({
        copies: z.number(),
        primaryP50: z.number().nullable(),
        shadowP50: z.number().nullable(),
        differenceP50: interval,
      }),
      cost: z.looseObject({
        copies: z.number(),
        primaryUsd: z.string(),
        shadowUsd: z.string(),
        savedPerThousandUsd: z
          .looseObject({ value: z.string(), low: z.string().nullable(), high: z.string().nullable() })
          .nullable(),
      }),
    }),
  ),
  dropped: z.array(z.looseObject({ route: z.string(), reason: z.string(), count: z.number() })),
  isComplete: z.boolean(),
})

const routeTarget = z.looseObject({ provider: z.string(), model: z.string().nullable(), weight: z.number() })

export const routesSchema = z.looseObject({
  routes: z.array(
    z.looseObject({
      number: z.number(),
      name: z.string(),
      match: z.array(z.string()),
      when: z.record(z.string(), z.unknown()).nullable(),
      strategy: z.string(),
      targets: z.array(routeTarget),
    }),
  ),
})

export const routeExplanationSchema = z.looseObject({
  model: z.string(),
  outcome: z.enum(['routed', 'unknown', 'denied', 'unserved']),
  rule: z.string().nullable(),
  strategy: z.string(),
  sticky: z.boolean(),
  workMode: z.string(),
  steps: z.array(
    z.looseObject({ looked: z.string(), name: z.string(), fits: z.boolean(), because: z.string() }),
  ),
  targets: z.array(
    routeTarget.extend({ served: z.string(), protocol: z.string().nullable(), capable: z.boolean() }),
  ),
  nearest: z.array(z.string()),
})

const spread = z.looseObject({
  count: z.number(),
  p50: z.number().nullable(),
  p95: z.number().nullable(),
})
const countComparison = z.looseObject({
  calls: z.number(),
  reportedTokens: z.number(),
  countedTokens: z.number(),
  beyondTokens: z.number(),
  ratio: spread.extend({ p5: z.number().nullable() }),
  furthest: z.array(
    z.looseObject({
      exchange: z.string(),
      attempt: z.number(),
      reported: z.number(),
      counted: z.number(),
    }),
  ),
})
const changeSide = z.looseObject({
  count: z.number(),
  median: z.number().nullable(),
  share: z.number().nullable(),
  names: z.record(z.string(), z.number()).nullable(),
})

const auditSeries = z.looseObject({
  series: z.string(),
  verdict: z.string(),
  pValue: z.number().nullable(),
  change: z
    .looseObject({ at: z.number(), meaning: z.string(), before: changeSide, after: changeSide })
    .nullable(),
})

export const auditSchema = z.looseObject({
  upstreams: z.array(
    z.looseObject({
      provider: z.string(),
      model: z.string(),
      calls: z.number(),
      outcomes: z.record(z.string(), z.number()),
      finishReasons: z.record(z.string(), z.number()),
      errorRate: share,
      ttftMs: spread,
      tokensPerSecond: spread,
      outputTokens: spread,
      tokenCounts: z.looseObject({
        reported: z.number(),
        counted: z.number(),
        estimated: z.number(),
        checked: z.looseObject({
          method: z.enum(['counted', 'estimated']).nullable(),
          input: countComparison,
          output: countComparison,
        }),
      }),
      answered: z.looseObject({
        mismatches: z.number(),
        mismatchShare: z.number().nullable(),
        names: z.array(z.looseObject({ name: z.string(), count: z.number(), match: z.string() })),
      }),
      series: z.array(auditSeries),
    }),
  ),
  canaries: z.array(
    z.looseObject({
      canary: z.string(),
      provider: z.string(),
      model: z.string(),
      prompt: z.string().nullable(),
      runs: z.number(),
      passed: z.number(),
      failed: z.number(),
      noAnswer: z.number(),
      share: interval,
      last: z.looseObject({ result: z.string(), error: z.string().nullable() }),
      series: auditSeries,
    }),
  ),
  level: z.number(),
  isComplete: z.boolean(),
})

const shownCard = z.looseObject({
  version: z.string(),
  source: z.string(),
  effectiveFrom: z.string().nullable(),
  prices: z.record(z.string(), z.string()),
  margin: z.looseObject({ percent: z.string(), perRequestUsd: z.string() }).nullable(),
  unmetered: z.array(z.string()),
})
const shownPrice = z.looseObject({ provider: z.string(), model: z.string(), card: shownCard })

export const priceListSchema = z.looseObject({
  catalogue: z.looseObject({ name: z.string(), version: z.string(), date: z.string() }),
  imported: z.looseObject({ version: z.string(), source: z.string(), at: z.number() }).nullable(),
  prices: z.array(shownPrice),
})

export const shownModelSchema = z.looseObject({
  prices: z.array(
    shownPrice.extend({
      service: z.looseObject({ class: z.string().optional(), region: z.string().optional() }),
    }),
  ),
  versions: z.array(z.looseObject({ provider: z.string(), version: z.string(), firstAt: z.number() })),
})

export const missingPricesSchema = z.looseObject({
  missing: z.array(
    z.looseObject({ provider: z.string(), model: z.string(), calls: z.number(), lastAt: z.number() }),
  ),
})

export const importReportSchema = z.looseObject({
  applied: z.boolean(),
  format: z.string(),
  source: z.string(),
  version: z.string(),
  models: z.number(),
  same: z.number(),
  notices: z.array(z.string()),
  implausible: z.array(z.string()),
  changes: z.array(
    z.looseObject({
      provider: z.string(),
      model: z.string(),
      change: z.enum(['added', 'removed', 'changed']),
      prices: z.array(
        z.looseObject({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
      ),
    }),
  ),
})

/** Throws when the server is of a release that answers otherwise. */
export const readAnswer = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new GatewayError(
    'gateway_upstream_invalid',
    'the server answers otherwise than this release expects: use the `tgw` of the release that runs',
  )
}
