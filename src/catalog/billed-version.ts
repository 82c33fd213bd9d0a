import type { Service } from '../ir/index.ts'
import type { PriceCard } from './price-card.ts'

/**
 * What a row of the ledger calls the prices it was billed with: the card's version, which names its margin as well,
 * and what of the card was used, where that is not its standard: `genai-prices@0.1.8+class=flex+region=us`.
 */
export const billedVersion = ({ version }: PriceCard, service: Service): string =>
  version +
  (service.class === undefined || service.class === 'standard' ? '' : `+class=${word(service.class)}`) +
  (service.region === undefined || service.region === 'global' ? '' : `+region=${word(service.region)}`)

/** The card's own version, and what of it was used. */
export const readBilledVersion = (
  billed: string,
): { readonly version: string; readonly service: Service } => {
  const [, version = billed, serviceClass, region] =
    /^(.*?)(?:\+class=([^+]*))?(?:\+region=([^+]*))?$/.exec(billed) ?? []
  return {
    version,
    service: {
      ...(serviceClass === undefined ? {} : { class: serviceClass }),
      ...(region === undefined ? {} : { region }),
    },
  }
}

/** The words are a provider's, or even a client's. */
const word = (text: string): string => text.slice(0, 40).replace(/[^A-Za-z0-9._-]/g, '_')
