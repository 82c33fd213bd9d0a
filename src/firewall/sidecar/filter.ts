import { z } from 'zod'
import type { Filter, FilterVerdict } from './recogniser.ts'
import { createSidecarClient, type SidecarOptions } from './sidecar-client.ts'

export interface FilterOptions extends SidecarOptions {
  /** After the base address. Default: `/filter`. */
  readonly path?: string
}

const listSchema = z.array(z.unknown()).nullish()
const answerSchema = z.object({
  allowed: z.boolean().nullish(),
  block: z.boolean().nullish(),
  block_reason: z.string().nullish(),
  redacted_input: z.string().nullish(),
  redacted_output: z.string().nullish(),
  detections: listSchema,
  entities: listSchema,
})
const namedSchema = z.union([
  z.string(),
  z.object({ type: z.string() }).transform(({ type }) => type),
  z.object({ entity_type: z.string() }).transform(({ entity_type }) => entity_type),
])

/**
 * The contract of filters that judge a whole text: `POST {input|output, model, endpoint, user_id, tenant_id, session_id,
 * metadata}` → `{allowed, block, block_reason, redacted_input, redacted_output, detections, entities}`.
 */
export const createFilter = (options: FilterOptions): Filter => {
  const client = createSidecarClient(options)
  const { path = '/filter' } = options
  return {
    id: client.id,
    judge: (request, signal) =>
      client.orAllowed<FilterVerdict>(
        async () => {
          const { direction, text, model, endpoint, userId, tenantId, sessionId, metadata } = request
          if (text.length > client.maximumTextLength) throw client.fault('too-large')
          const body = {
            [direction]: text.toWellFormed(),
            model,
            endpoint,
            user_id: userId,
            tenant_id: tenantId,
            session_id: sessionId,
            metadata,
          }
          return client.remember(
            ['filter', JSON.stringify({ ...body, [direction]: '' }), direction, text],
            () =>
              client.post(path, body, signal, (value) =>
                verdictOf(answerSchema.parse(value), direction, text),
              ),
          )
        },
        { isAllowed: true, types: [] },
      ),
  }
}

/** An answer that neither allows nor blocks is none: a service of another kind must not let everything pass. */
const verdictOf = (
  answer: z.infer<typeof answerSchema>,
  direction: 'input' | 'output',
  text: string,
): FilterVerdict => {
  if (typeof answer.allowed !== 'boolean' && typeof answer.block !== 'boolean') throw new Error('no verdict')
  const redacted = direction === 'input' ? answer.redacted_input : answer.redacted_output
  const named = [...(answer.detections ?? []), ...(answer.entities ?? [])].flatMap((item) => {
    const parsed = namedSchema.safeParse(item)
    return parsed.success ? [parsed.data] : []
  })
  return {
    isAllowed: answer.block !== true && answer.allowed !== false,
    ...(typeof answer.block_reason === 'string' ? { reason: answer.block_reason } : {}),
    ...(typeof redacted === 'string' && redacted !== text ? { redacted } : {}),
    types: [...new Set(named)],
  }
}
