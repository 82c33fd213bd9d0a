/** What is done with what is found: nothing is looked for, told of, replaced by placeholders, or the request refused. */
export const firewallModes = ['off', 'monitor', 'redact', 'enforce'] as const
export type FirewallMode = (typeof firewallModes)[number]

/** Of what the client sends, or of what the model answers. */
export type Direction = 'input' | 'output'

/** One layer of a policy: what it leaves out is as the layer below says. */
export interface PolicyLayer {
  readonly input?: FirewallMode
  readonly output?: FirewallMode
  readonly detectors?: Readonly<Record<string, DirectionModes>>
}

export interface DirectionModes {
  readonly input?: FirewallMode
  readonly output?: FirewallMode
}

export interface FirewallPolicy {
  mode(detector: string, direction: Direction): FirewallMode
  /** No detector does anything in this direction. */
  isOff(direction: Direction): boolean
  /** A detector may replace or refuse something in this direction. */
  acts(direction: Direction): boolean
}

/**
 * Lays layers over each other: the last that says something about a detector, or about all of them, counts.
 * @param layers from the most general to the most specific
 */
export const createPolicy = (
  layers: readonly PolicyLayer[],
  detectors: readonly string[],
): FirewallPolicy => {
  const modes = {
    input: new Map(detectors.map((id) => [id, modeOf(layers, id, 'input')])),
    output: new Map(detectors.map((id) => [id, modeOf(layers, id, 'output')])),
  }
  const isOff = {
    input: [...modes.input.values()].every((mode) => mode === 'off'),
    output: [...modes.output.values()].every((mode) => mode === 'off'),
  }
  const acts = {
    input: [...modes.input.values()].some(isActing),
    output: [...modes.output.values()].some(isActing),
  }
  return {
    mode: (detector, direction) => modes[direction].get(detector) ?? 'off',
    isOff: (direction) => isOff[direction],
    acts: (direction) => acts[direction],
  }
}

/** What a key says, it says of both directions. */
export const layersOfKey = (option: FirewallMode | 'inherit'): readonly PolicyLayer[] =>
  option === 'inherit' ? [] : [{ input: option, output: option }]

const isActing = (mode: FirewallMode): boolean => mode === 'redact' || mode === 'enforce'

const modeOf = (layers: readonly PolicyLayer[], detector: string, direction: Direction): FirewallMode => {
  for (let at = layers.length - 1; at >= 0; at -= 1) {
    const layer = layers[at]
    const mode = layer?.detectors?.[detector]?.[direction] ?? layer?.[direction]
    if (mode !== undefined) return mode
  }
  return 'off'
}
