import { z } from 'zod'
import { globTest, type ProtocolId, protocolIds } from '../ir/index.ts'
import data from './data/caches.json'

/** How a provider keeps the prompts of a model. */
export interface CacheRules {
  /** Names the row that this comes from. */
  readonly id: string
  /** `marks`: up to the blocks that the request marks; `automatic`: by itself; `none`: not at all. */
  readonly how: 'marks' | 'automatic' | 'none'
  /** Tokens of the shortest prefix that is kept. */
  readonly minimumTokens: number
  /** Prefixes are kept in steps of so many tokens. */
  readonly step: number
  /** So many marks a request may set; 0 where it can set none. */
  readonly marks: number
  /** How long a prefix is kept that nobody asks for, in milliseconds. */
  readonly life: number
  /** The same where a long life was asked for. */
  readonly longLife?: number | undefined
  /** `sure`: what was kept is read; `likely`: the provider promises nothing. */
  readonly reads: 'sure' | 'likely'
}

export interface CacheBook {
  /**
   * @param kind of the provider
   * @param model as it is sent to the provider, in any letter case
   */
  find(kind: string, protocol: ProtocolId, model: string): CacheRules
}

const seconds = z.int().min(0)
const factor = z.string().regex(/^\d+(?:\.\d+)?$/)

const row = z.strictObject({
  id: z.string(),
  kinds: z.array(z.string()).min(1).optional(),
  protocols: z.array(z.enum(protocolIds)).min(1).optional(),
  models: z.array(z.string()).min(1).optional(),
  how: z.enum(['marks', 'automatic', 'none']),
  minimumTokens: z.int().min(0),
  step: z.int().min(1),
  marks: z.int().min(0),
  lookback: z.int().min(1).optional(),
  life: seconds,
  longLife: seconds.optional(),
  reads: z.enum(['sure', 'likely']),
  prices: z.strictObject({ read: factor, write: factor, longWrite: factor.optional() }).optional(),
  source: z.string().min(1),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
})

/** Shape of `data/caches.json`, which is kept by hand. */
export const cacheData = z.strictObject({ note: z.string(), caches: z.array(row).min(1) })

/** Opens `data/caches.json`. Remembers recent look-ups. */
export const createCacheBook = (): CacheBook => {
  const rows = cacheData.parse(data).caches.map(({ kinds, protocols, models, ...rest }) => {
    const tests = models?.map(globTest)
    return {
      fits: (kind: string, protocol: ProtocolId, model: string): boolean =>
        (kinds === undefined || kinds.includes(kind)) &&
        (protocols === undefined || protocols.includes(protocol)) &&
        (tests === undefined || tests.some((fits) => fits(model))),
      rules: toRules(rest),
    }
  })
  const known = new Map<string, CacheRules>()
  return {
    find(kind, protocol, model) {
      const key = `${kind}\n${protocol}\n${model}`
      const before = known.get(key)
      if (before !== undefined) return before
      const plain = plainModel(model)
      const rules = rows.find(({ fits }) => fits(kind, protocol, plain))?.rules ?? nothingKept
      // Models are named by clients.
      if (known.size >= mostKnown) known.clear()
      if (key.length <= longestKey) known.set(key, rules)
      return rules
    },
  }
}

const mostKnown = 1024
const longestKey = 400

const nothingKept: CacheRules = {
  ...{ id: 'none', how: 'none', minimumTokens: 0, step: 1, marks: 0, life: 0, reads: 'likely' },
}

type Row = z.output<typeof row>

const toRules = ({ life, longLife, ...rest }: Omit<Row, 'kinds' | 'protocols' | 'models'>): CacheRules => {
  const { id, how, minimumTokens, step, marks, reads } = rest
  return {
    ...{ id, how, minimumTokens, step, marks, reads },
    life: life * 1000,
    longLife: longLife === undefined ? undefined : longLife * 1000,
  }
}

/** Without what resellers put before it: `anthropic/claude-…`, `us.anthropic.claude-…`. */
const plainModel = (model: string): string => {
  const name = model.toLowerCase()
  const last = name.slice(name.lastIndexOf('/') + 1)
  const claude = last.indexOf('anthropic.claude')
  return claude < 0 ? last : last.slice(claude + 'anthropic.'.length)
}
