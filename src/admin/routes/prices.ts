import { Hono } from 'hono'
import { z } from 'zod'
import { GatewayError } from '../../errors.ts'
import { amountText } from '../../prices/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type Actor, type AdminEnvironment, permit } from '../permit.ts'
import { invalid, timeParameter } from '../read-input.ts'

/**
 * `GET /prices`: what is known, or with `missing` the models in use that have no price. `GET /prices/{model}`: one,
 * now, at a time, or in a version that the ledger names. `POST /prices/import`: what a file would change; with `apply`
 * it does. `DELETE /prices/import`: back to the catalogue. Amounts are decimal strings of USD.
 */
export const pricesRoutes = ({ prices }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/prices', permit('prices:read'), async (context) => {
      const organisation = context.get('actor').organisation
      const from = timeParameter(context, 'from')
      if (context.req.query('missing') !== undefined)
        return context.json({
          missing: await prices.missing({ organisation, ...(from === undefined ? {} : { from }) }),
        })
      const { provider, text } = context.req.query()
      const at = timeParameter(context, 'at')
      const payer = payerOf(context.get('actor'), context.req.query('organisation'))
      return context.json(
        prices.list({
          ...(provider === undefined ? {} : { provider }),
          ...(text === undefined ? {} : { text }),
          ...(at === undefined ? {} : { at }),
          ...(payer === undefined ? {} : { organisation: payer }),
        }),
      )
    })
    .get('/prices/:model{.+}', permit('prices:read'), async (context) => {
      const { provider, version } = context.req.query()
      const at = timeParameter(context, 'at')
      const payer = payerOf(context.get('actor'), context.req.query('organisation'))
      return context.json(
        await prices.show({
          model: context.req.param('model'),
          ...(provider === undefined ? {} : { provider }),
          ...(version === undefined ? {} : { version }),
          ...(at === undefined ? {} : { at }),
          ...(payer === undefined ? {} : { organisation: payer }),
        }),
      )
    })
    .post('/prices/import', permit('prices:write'), async (context) => {
      const actor = everybody(context.get('actor'))
      const { text, url, source, apply = false, force = false } = await readRequest(context.req.raw)
      const { changes, ...report } = await prices.update({
        ...(text === undefined ? {} : { text }),
        ...(url === undefined ? {} : { url }),
        ...(source === undefined ? {} : { source }),
        ...{ apply, force, actor: actor.name },
      })
      return context.json({
        ...report,
        changes: changes.map((change) => ({
          ...change,
          prices: change.prices.map(({ name, before, after }) => ({
            name,
            before: before === null ? null : amountText(name, before),
            after: after === null ? null : amountText(name, after),
          })),
        })),
      })
    })
    .delete('/prices/import', permit('prices:write'), async (context) => {
      await prices.clear(everybody(context.get('actor')).name)
      return context.json({ imported: null })
    })

/** Whose margin the prices are shown with. Who belongs to an organisation sees its own prices only. */
const payerOf = (actor: Actor, asked: string | undefined): string | undefined => actor.organisation ?? asked

/** Prices hold for every organisation: one of them cannot change them. */
const everybody = (actor: Actor): Actor => {
  if (actor.organisation === null) return actor
  throw new GatewayError(
    'gateway_permission_denied',
    'prices hold for all organisations: only an administrator of the whole gateway may change them',
  )
}

const request = z.strictObject({
  text: z.string().optional(),
  url: z.string().max(2_000).optional(),
  source: z.string().max(500).optional(),
  apply: z.boolean().optional(),
  force: z.boolean().optional(),
})

/** A file of 16 MB, escaped. */
const largestBody = 40 * 1024 * 1024

const readRequest = async (raw: Request): Promise<z.output<typeof request>> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of raw.body ?? []) {
    size += chunk.byteLength
    if (size > largestBody) throw new GatewayError('gateway_body_too_large', 'the body is larger than 40 MB')
    chunks.push(chunk)
  }
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new GatewayError('gateway_json_invalid', 'the body is not valid JSON')
  }
  const parsed = request.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'the body is not as expected')
}
