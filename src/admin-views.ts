import type { AdminModel, AdminProvider } from './admin/index.ts'
import { formatUsd } from './ir/index.ts'
import type { Runtime } from './runtime.ts'
import type { HealthChecks } from './stages/health-checks/index.ts'
import { originOf } from './upstreams.ts'

/** The models as the admin API lists them, with the price of this moment. */
export const adminModels = ({ models, catalog }: Runtime, at: number): readonly AdminModel[] =>
  models.map((model) => {
    const name = model.id.startsWith(`${model.provider}/`)
      ? model.id.slice(model.provider.length + 1)
      : model.id
    const card = catalog.price(model.provider, name, at)
    return {
      id: model.id,
      provider: model.provider,
      operations: model.operations,
      contextWindow: model.contextWindow ?? null,
      maxOutputTokens: model.maxOutputTokens ?? null,
      price: card === undefined ? null : { input: usd(card.inputPerMtok), output: usd(card.outputPerMtok) },
    }
  })

const usd = (nano: bigint | undefined): string | null => (nano === undefined ? null : formatUsd(nano))

export const adminProviders = (
  { upstreams, healthChecks }: Runtime,
  health: Pick<HealthChecks, 'of'>,
): readonly AdminProvider[] =>
  [...upstreams.providers.values()].map((provider) => ({
    id: provider.id,
    kind: provider.kind,
    protocols: [
      ...new Set((['generate', 'embed'] as const).flatMap((operation) => provider.speaks('', operation))),
    ],
    origin: provider.send === undefined ? originOf(provider) : null,
    credentials: upstreams.shown.get(provider.id) ?? [],
    usable: (upstreams.credentials.get(provider.id) ?? []).length > 0,
    streamUsage: provider.streamUsage,
    health: healthChecks.some((check) => check.provider === provider) ? health.of(provider.id) : null,
  }))
