import { signsReasoning } from '../../src/firewall/index.ts'
import type { Leaf, ProtocolId } from '../../src/ir/index.ts'
import { type JsonString, jsonStrings, memberName } from './json-strings.ts'
import { reasonOf } from './no-text.ts'
import { plantedText, plantedValues } from './planted-values.ts'

export interface PlantedRequest {
  readonly body: string
  /** Names of the members in which something was planted, by the seed of its values. */
  readonly places: ReadonlyMap<number, string>
  /** Members that are no leaves and that nothing excuses. */
  readonly overlooked: readonly string[]
}

/** What is planted next, so that a value that comes to light says where it stood. */
export interface Seeds {
  next: number
}

/**
 * Puts values of their own into every string of a request that is a leaf, or of which nobody can say why it is none. JSON
 * inside of strings gets them in its own strings.
 */
export const plant = (
  protocol: ProtocolId,
  body: Uint8Array,
  leaves: readonly Leaf[],
  seeds: Seeds,
): PlantedRequest => {
  const places = new Map<number, string>()
  const overlooked: string[] = []
  const changes: { readonly at: JsonString; readonly text: string }[] = []
  for (const at of jsonStrings(body)) {
    const name = memberName(at.path)
    const leaf = leaves.find(({ start, end }) => start <= at.start && at.end <= end)
    if (leaf === undefined) {
      if (reasonOf(at.path) !== undefined) continue
      overlooked.push(name)
    }
    if (leaf?.kind === 'reasoning' && signsReasoning(protocol)) continue
    changes.push({
      at,
      text: planted(at.value, () => {
        const seed = seeds.next++
        places.set(seed, name)
        return plantedText(plantedValues(seed))
      }),
    })
  }
  return { body: replaced(body, changes), places, overlooked }
}

const planted = (text: string, more: () => string): string => {
  const first = text.trimStart()[0]
  if (first !== '{' && first !== '[') return text + more()
  try {
    JSON.parse(text)
  } catch {
    return text + more()
  }
  const bytes = new TextEncoder().encode(text)
  return replaced(
    bytes,
    jsonStrings(bytes).map((at) => ({ at, text: at.value + more() })),
  )
}

const replaced = (
  body: Uint8Array,
  changes: readonly { readonly at: JsonString; readonly text: string }[],
): string => {
  const source = Buffer.from(body)
  let said = ''
  let copied = 0
  for (const { at, text } of changes) {
    said += source.toString('utf8', copied, at.start) + JSON.stringify(text)
    copied = at.end
  }
  return said + source.toString('utf8', copied)
}
