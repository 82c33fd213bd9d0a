import { createSecretKey } from 'node:crypto'
import { createCatalog } from '../src/catalog/index.ts'
import { GatewayError } from '../src/errors.ts'
import type { ProtocolId, Warning } from '../src/ir/index.ts'
import { type Protocol, protocols } from '../src/protocols/index.ts'
import { createStateKeys } from '../src/sessions/index.ts'
import { createLosses, createPasses, translateRequest } from '../src/translation/index.ts'
import { type Probe, probes } from './translation-probes.ts'

/** For each provider's protocol a model that can do much. */
const targets: readonly (readonly [protocol: ProtocolId, provider: string, model: string])[] = [
  ['openai-chat', 'openai', 'gpt-4.1'],
  ['openai-responses', 'openai', 'gpt-5.1'],
  ['anthropic-messages', 'anthropic', 'claude-sonnet-4-5'],
  ['gemini', 'google', 'gemini-3-pro-preview'],
]

const catalog = () => createCatalog({ overrides: [] })
const stateKeys = createStateKeys(() => createSecretKey(new Uint8Array(32)))

/** The generated half of docs/translation.md: what becomes of each feature in each cell, found out by translating it. */
export const matrix = (): string => {
  const cards = catalog()
  const passes = createPasses(stateKeys)
  const verdict = (client: Protocol, probe: Probe, target: (typeof targets)[number]): string => {
    const [id, provider, model] = target
    const codec = client.generate
    const upstream = protocols[id].generate
    if (codec === undefined || upstream === undefined) return ''
    const warnings: Warning[] = []
    const losses = createLosses({
      target: provider,
      fieldPath: codec.fieldPath,
      strict: false,
      onLoss: (warning) => warnings.push(warning),
    })
    try {
      translateRequest(codec.decodeRequest(wireOf(client.id, probe), { locations: true }), {
        upstream,
        organisation: 'docs',
        target: {
          protocol: id,
          provider,
          credential: 'docs',
          model,
          capabilities: cards.capabilities(provider, id, model),
        },
        passes,
        losses,
      })
    } catch (error) {
      if (error instanceof GatewayError) return `refused: ${cell(error.message)}`
      throw error
    }
    return warnings.length === 0
      ? 'said'
      : [
          ...new Set(
            warnings.map(({ code, feature, reason }) => `${code}: ${cell(feature)}, ${cell(reason)}`),
          ),
        ].join('; ')
  }
  const sections = probes.map(([id, features]) => {
    const others = targets.filter(([target]) => target !== id)
    const rows = features.map(
      (probe) =>
        `| ${[probe.feature, ...others.map((target) => verdict(protocols[id], probe, target))].join(' | ')} |`,
    )
    const head = `| ${[`a client of ${id}`, ...others.map(([target, , model]) => `to ${target} (${model})`)].join(' | ')} |`
    return [`### From ${id}`, '', head, `|${' --- |'.repeat(others.length + 1)}`, ...rows].join('\n')
  })
  return sections.join('\n\n')
}

const wireOf = (client: ProtocolId, { body }: Probe) => ({
  method: 'POST',
  path: client === 'gemini' ? '/v1beta/models/model:generateContent' : '/v1',
  parameters: client === 'gemini' ? { model: 'model' } : {},
  query: new URLSearchParams(),
  headers: new Headers({ 'anthropic-version': '2023-06-01' }),
  body: new TextEncoder().encode(JSON.stringify(body)),
})

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const begin =
  '<!-- Written by tools/build-translation-docs.ts: the rest of this page is what the code does. -->'

/** The page with its generated half made anew. */
export const translationPage = (current: string): string => {
  const at = current.indexOf(begin)
  const kept = at < 0 ? `${current.trimEnd()}\n\n` : current.slice(0, at)
  return `${kept}${begin}

## Feature by feature

\`said\`: in the target's own words or a fixed template, nothing lost. Everything else is a warning or a refusal, in the
words that a client gets. Models differ; these are examples, and the catalogue knows what each one takes.

Claude's \`max_uses\` of a search is OpenAI's \`max_tool_calls\` where the search is the only tool of the provider; beside
others it is refused, since OpenAI counts them all together. An alias changes the model's name wherever a request says it
(Gemini's \`embedContent\` and \`batchEmbedContents\` say it in the body once more), and no other byte of what passes
through.

${matrix()}
`
}
