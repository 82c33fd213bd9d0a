import { z } from 'zod'
import type { Classifier, TextKind } from './recogniser.ts'
import { createSidecarClient, type SidecarOptions } from './sidecar-client.ts'

export interface LabelClassifierOptions extends SidecarOptions {
  /** After the base address. Default: `/predict`. */
  readonly path?: string
  /** Labels that mean an attack, in any case. Default: those of the usual models for prompt injection. */
  readonly attackLabels?: readonly string[]
}

const usualLabels = [
  'injection',
  'jailbreak',
  'malicious',
  'unsafe',
  'attack',
  'label_1',
  'label_2',
  'prompt_injection',
]

const labelSchema = z.object({ label: z.string(), score: z.number().min(0).max(1) })
const labelsSchema = z.union([
  z
    .array(z.array(labelSchema).min(1))
    .min(1)
    .transform((lists) => lists[0] ?? []),
  z.array(labelSchema).min(1),
  labelSchema.transform((one) => [one]),
])

/**
 * A text classification service: `POST {inputs}` → `[{label, score}]`, once or twice nested or alone, as the pipelines of
 * common model servers answer. With one label only, that of the other class, the rest of its score is taken.
 */
export const createLabelClassifier = (options: LabelClassifierOptions): Classifier => {
  const { path = '/predict', attackLabels = usualLabels } = options
  const attacks = new Set(attackLabels.map((label) => label.toLowerCase()))
  const scoreOf = (value: unknown): { score: number } => {
    const labels = labelsSchema.parse(value)
    const hits = labels.filter(({ label }) => attacks.has(label.toLowerCase()))
    if (hits.length > 0)
      return {
        score: Math.min(
          1,
          hits.reduce((sum, { score }) => sum + score, 0),
        ),
      }
    return { score: labels.length === 1 ? 1 - (labels[0]?.score ?? 1) : 0 }
  }
  return createClassifier(options, path, (text) => ({ inputs: text }), scoreOf)
}

export interface ShieldClassifierOptions extends SidecarOptions {
  /** After the base address, its query with it. Default: that of Azure AI Content Safety, version 2024-09-01. */
  readonly path?: string
}

const analysisSchema = z.object({ attackDetected: z.boolean() })
const shieldSchema = z.object({
  userPromptAnalysis: analysisSchema.nullish(),
  documentsAnalysis: z.array(analysisSchema).nullish(),
})

/** Prompt Shields: `POST {userPrompt, documents}` → `{userPromptAnalysis, documentsAnalysis}`; the score is 0 or 1. */
export const createShieldClassifier = (options: ShieldClassifierOptions): Classifier => {
  const { path = '/contentsafety/text:shieldPrompt?api-version=2024-09-01' } = options
  const bodyOf = (text: string, kind: TextKind): object =>
    kind === 'user' ? { userPrompt: text, documents: [] } : { userPrompt: '', documents: [text] }
  const scoreOf = (value: unknown, kind: TextKind): { score: number } => {
    const { userPromptAnalysis, documentsAnalysis } = shieldSchema.parse(value)
    const analyses = kind === 'user' ? [userPromptAnalysis] : (documentsAnalysis ?? [])
    if (analyses.length === 0 || analyses[0] === undefined || analyses[0] === null)
      throw new Error('no verdict')
    return { score: analyses.some((analysis) => analysis?.attackDetected === true) ? 1 : 0 }
  }
  return createClassifier(options, path, bodyOf, scoreOf)
}

const createClassifier = (
  options: SidecarOptions,
  path: string,
  bodyOf: (text: string, kind: TextKind) => object,
  scoreOf: (value: unknown, kind: TextKind) => { readonly score: number },
): Classifier => {
  const client = createSidecarClient(options)
  return {
    id: client.id,
    classify: (text, kind, signal) =>
      client.orAllowed(
        async () => {
          if (text.length > client.maximumTextLength) throw client.fault('too-large')
          return client.remember(['classifier', kind, text], () =>
            client.post(path, bodyOf(text.toWellFormed(), kind), signal, (value) => scoreOf(value, kind)),
          )
        },
        { score: 0 },
      ),
  }
}
