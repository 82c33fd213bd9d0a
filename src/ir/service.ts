/**
 * What an answer's price may depend on beside its model and its tokens. Vendors call these service tiers, speeds and
 * geographies; a protocol turns its own words into these.
 */
export interface Service {
  /**
   * `standard`, `batch`, `flex`, `priority`, `fast`, `ultrafast`, or a vendor's word that has no counterpart. Absent:
   * nothing was said, or it was left to the provider.
   */
  readonly class?: string
  /** Where the model must run, as the vendor spells it; `global` where it does not matter. */
  readonly region?: string
}

/** What is billed: what the provider said it served, else what was asked of it, else its standard. */
export const servedAs = (answered: Service | undefined, asked: Service | undefined): Required<Service> => ({
  class: answered?.class ?? asked?.class ?? 'standard',
  region: answered?.region ?? asked?.region ?? 'global',
})

/**
 * The classes that a provider may bill for what was asked. Undefined: any. Without a wish an account's own setting
 * decides (OpenAI's project setting can be flex or fast), but nobody is put into a class that must be asked for by
 * name; and a class that is full may be served as a lesser one.
 */
export const billableClasses = (asked: Service | undefined): readonly string[] | undefined =>
  mayBecome.get(asked?.class ?? 'unsaid')

const mayBecome: ReadonlyMap<string, readonly string[]> = new Map([
  ['unsaid', ['standard', 'flex', 'priority']],
  ['standard', ['standard']],
  ['flex', ['standard', 'flex']],
  ['priority', ['standard', 'priority']],
  ['fast', ['standard', 'priority', 'fast']],
  ['ultrafast', ['standard', 'priority', 'ultrafast']],
])

/** The regions that may be billed for what was asked. Undefined: any, as a workspace's setting may decide. */
export const billableRegions = (asked: Service | undefined): readonly string[] | undefined =>
  asked?.region === undefined ? undefined : ['global', asked.region]
