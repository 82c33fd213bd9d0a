import { type ProviderSettings, recipes } from '../providers/index.ts'

/** The origin that a provider is reached at, to which its credential is bound; undefined where there is none. */
export const providerOrigin = ({ kind, base_url: base }: ProviderSettings): string | undefined => {
  const [usual] = Object.values(recipes.find((recipe) => recipe.kind === kind)?.bases ?? {})
  return URL.parse(base ?? usual ?? '')?.origin
}

/** Servers on one's own machine mostly want no key. */
export const wantsKey = ({ kind, api_key: key }: ProviderSettings): boolean =>
  kind !== 'loopback' &&
  key !== 'none' &&
  recipes.find((recipe) => recipe.kind === kind)?.credential !== 'none'
