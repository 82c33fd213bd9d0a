import { z } from 'zod'
import type { Finding } from '../finding.ts'
import { createOffsetMap } from './code-points.ts'
import type { Recogniser } from './recogniser.ts'
import { createSidecarClient, type SidecarOptions } from './sidecar-client.ts'

export interface PresidioOptions extends SidecarOptions {
  /** Where the text does not say. Default: `en`. */
  readonly language?: string
  /** Only these of Presidio's entities, by its names; all that it has, where absent. */
  readonly entities?: readonly string[]
  /** 0 to 1. Default: 0.5. */
  readonly scoreThreshold?: number
  /** Texts in one call. Default: 16. */
  readonly batch?: number
}

const resultSchema = z.array(
  z.object({ entity_type: z.string(), start: z.number(), end: z.number(), score: z.number() }),
)
const batchSchema = z.array(resultSchema)

/**
 * Microsoft Presidio's analyzer (`POST /analyze`, its docs of 2026-07; source `presidio-analyzer/app.py`): many texts in
 * one call, offsets in Python's code points. Its types keep their names.
 */
export const createPresidioRecogniser = (options: PresidioOptions): Recogniser => {
  const client = createSidecarClient(options)
  const { language: usualLanguage = 'en', entities, scoreThreshold = 0.5, batch = 16 } = options
  const settings = JSON.stringify([entities, scoreThreshold])

  const analyse = async (texts: readonly string[], language: string, signal: AbortSignal) => {
    const body = {
      text: texts.map((text) => text.toWellFormed()),
      language,
      score_threshold: scoreThreshold,
      ...(entities === undefined ? {} : { entities }),
    }
    const results = await client.post('/analyze', body, signal, (value) => batchSchema.parse(value))
    if (results.length !== texts.length) throw client.fault('not-understood')
    return results.map((result, index) => {
      const findings = findingsOf(client.id, texts[index] ?? '', result)
      if (findings === undefined) throw client.fault('not-understood')
      return findings
    })
  }

  return {
    id: client.id,
    recognise: (texts, { signal, language = usualLanguage }) =>
      client.orAllowed(
        async () => {
          if (texts.some((text) => text.length > client.maximumTextLength)) throw client.fault('too-large')
          const keyOf = (text: string): readonly string[] => ['presidio', settings, language, text]
          const found = new Map<string, readonly Finding[]>()
          for (const text of new Set(texts)) {
            const known = text.trim() === '' ? [] : client.cached<readonly Finding[]>(keyOf(text))
            if (known !== undefined) found.set(text, known)
          }
          const missing = [...new Set(texts)].filter((text) => !found.has(text))
          const batches = Array.from({ length: Math.ceil(missing.length / batch) }, (_, index) =>
            missing.slice(index * batch, (index + 1) * batch),
          )
          await Promise.all(
            batches.map(async (some) => {
              const results = await analyse(some, language, signal)
              some.forEach((text, index) => {
                const findings = results[index] ?? []
                found.set(text, findings)
                client.keep(keyOf(text), findings)
              })
            }),
          )
          return texts.map((text) => found.get(text) ?? [])
        },
        texts.map(() => []),
      ),
  }
}

/** Of results that overlap the likelier, then the longer. @returns undefined where an offset is not in the text */
const findingsOf = (
  detector: string,
  text: string,
  results: z.infer<typeof resultSchema>,
): readonly Finding[] | undefined => {
  const toUnits = createOffsetMap(text)
  const findings: Finding[] = []
  for (const { entity_type, start, end, score } of results) {
    const from = toUnits(start)
    const to = toUnits(end)
    if (from === undefined || to === undefined || from >= to) return undefined
    findings.push({
      detector,
      type: typeOf(entity_type),
      rule: entity_type,
      start: from,
      end: to,
      confidence: Math.min(1, Math.max(0, score)),
    })
  }
  findings.sort((a, b) => b.confidence - a.confidence || b.end - b.start - (a.end - a.start))
  const kept: Finding[] = []
  for (const finding of findings) {
    if (kept.every(({ start, end }) => finding.end <= start || finding.start >= end)) kept.push(finding)
  }
  return kept.sort((a, b) => a.start - b.start)
}

/** Placeholders hold `A-Z`, `0-9` and `_` alone. */
const typeOf = (entity: string): string => entity.toUpperCase().replace(/[^A-Z0-9]+/g, '_') || 'ENTITY'

/** Whether an analyzer is there and ready (`GET /health`). Never throws. */
export const isPresidioHealthy = async (
  { ask, url, timeoutMs = 2_000 }: Pick<SidecarOptions, 'ask' | 'url' | 'timeoutMs'>,
  signal?: AbortSignal,
): Promise<boolean> => {
  const result = await ask(`${url}/health`, {
    method: 'GET',
    timeoutMs,
    maximumBytes: 4096,
    ...(signal === undefined ? {} : { signal }),
  })
  return 'status' in result && result.status === 200
}
