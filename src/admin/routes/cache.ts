import { Hono } from 'hono'
import { z } from 'zod'
import { GatewayError } from '../../errors.ts'
import { formatUsd } from '../../ir/index.ts'
import type { Entry } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type Actor, type AdminEnvironment, permit } from '../permit.ts'
import { isReached, reachedOrganisation } from '../reach.ts'
import { invalid, readObject } from '../read-input.ts'

/**
 * `GET /cache/stats`: what the cache of answers did since the start, all workers of this machine together.
 * `GET /cache/explain?exchange&with`: what it did about one exchange and why, and what of its request differs from
 * another one's. `POST /cache/purge` with `organisation`, or without for all that the caller may reach: removes answers.
 */
export const cacheRoutes = ({
  cache,
  reader,
}: Pick<AdminParts, 'cache' | 'reader'>): Hono<AdminEnvironment> => {
  const find = async (actor: Actor, name: string, id: string | undefined): Promise<Entry> => {
    if (id === undefined || id === '') throw invalid(name, `${name} must be the id of an exchange (req_…)`)
    const entry = (await reader.exchange(id))?.entry ?? undefined
    if (entry === undefined || !isReached(actor, entry.tenant))
      throw new GatewayError('not_found', 'there is no such exchange, or it still runs')
    return entry
  }
  return new Hono<AdminEnvironment>()
    .get('/cache/stats', permit('cache:read', 'whole-server'), async (context) => {
      const { savedNanoUsd, size, similar, ...counts } = await cache.stats()
      const sizes = { size: size ?? null, similar: similar ?? null }
      return context.json({ ...counts, savedUsd: formatUsd(savedNanoUsd), ...sizes })
    })
    .get('/cache/explain', permit('cache:read'), async (context) => {
      const actor = context.get('actor')
      const entry = await find(actor, 'exchange', context.req.query('exchange'))
      const note = noteOf(entry)
      const key = note?.key
      const kept =
        key === undefined
          ? undefined
          : await cache.peek({ organisation: entry.tenant.organisation, hash: key })
      const other = context.req.query('with')
      const compared = other === undefined ? undefined : noteOf(await find(actor, 'with', other))
      return context.json({
        exchange: entry.exchange,
        result: note?.result ?? 'off',
        reason: note?.reason ?? null,
        unkept: note?.unkept ?? null,
        age: note?.age ?? null,
        similar: note?.similar ?? null,
        key: key ?? null,
        savedUsd: entry.cacheSavedNanoUsd === null ? null : formatUsd(entry.cacheSavedNanoUsd),
        kept:
          kept === undefined
            ? null
            : {
                at: kept.at,
                client: kept.client,
                provider: kept.provider,
                model: kept.model,
                isPortable: kept.isPortable,
              },
        differs: compared === undefined ? null : differences(note, compared),
      })
    })
    .post('/cache/purge', permit('cache:write'), async (context) => {
      const read = purge.safeParse(await readObject(context))
      if (!read.success) throw invalid('organisation', 'only organisation may be named, the id of one')
      const organisation = reachedOrganisation(context.get('actor'), read.data.organisation)
      return context.json({ purged: await cache.purge(organisation) })
    })
}

const purge = z.strictObject({ organisation: z.string().min(1).max(200).optional() })

const noteShape = z.looseObject({
  result: z.string(),
  reason: z.string().optional(),
  unkept: z.string().optional(),
  key: z.string().optional(),
  sections: z.record(z.string(), z.string()).optional(),
  age: z.number().optional(),
  similar: z
    .object({
      result: z.string(),
      difference: z.string().optional(),
      similarity: z.number().optional(),
      certainty: z.number().optional(),
    })
    .optional(),
})

type Note = z.output<typeof noteShape>

const noteOf = ({ cache }: Entry): Note | undefined =>
  cache === null ? undefined : noteShape.parse(JSON.parse(cache))

/** Sections of what decides an answer in which two requests are not the same; null where one has no key. */
const differences = (one: Note | undefined, other: Note | undefined): readonly string[] | null => {
  if (one?.sections === undefined || other?.sections === undefined) return null
  const { sections } = other
  return Object.entries(one.sections).flatMap(([name, digest]) => (sections[name] === digest ? [] : [name]))
}
