import type { Change, Edit } from '../../ir/index.ts'
import { spliceText } from '../../wire/index.ts'
import type { Finding } from '../finding.ts'
import { escapeText } from './apply-edits.ts'
import { knownValues } from './known-values.ts'
import { isJsonLeaf, type JsonRegion, jsonRegions, type LeafText, sourceOffset } from './leaf-text.ts'
import { alikeTypes, idOf, type PlaceholderForm, shortestId, writePlaceholder } from './placeholder.ts'
import { createPlaceholderMap, type PlaceholderEntry, type PlaceholderMap } from './placeholder-map.ts'
import { restoreText } from './restorer.ts'

export interface RedactionInput {
  /** The organisation's placeholder key. Values have their placeholders in every process that has it. */
  readonly key: Uint8Array
  /** Every leaf of the request as `readLeaf` gives it, in the order of the request. */
  readonly texts: readonly LeafText[]
  /** What is to be redacted in each of them, from any detectors, in any order; may overlap. */
  readonly findings: readonly (readonly Finding[])[]
  /** Does the value come back in answers? Ask the policy; secrets mostly do not. */
  readonly restores: (finding: Finding) => boolean
  /** How a type is written; `alike` counts for types that have enough fakes. `tag` unless told. */
  readonly form?: (type: string) => PlaceholderForm
  /** Readable thoughts are signed (`signsReasoning`): they stay as they are. */
  readonly signedReasoning: boolean
  /**
   * Of turns that the request continues without saying them: their values are replaced where they stand again, by the
   * placeholders that they have, and no other value gets one of these.
   */
  readonly earlier?: PlaceholderMap
}

export interface Redaction {
  readonly edits: readonly Edit[]
  /** Of what stands in this request; `joinPlaceholderMaps` adds what came earlier. */
  readonly map: PlaceholderMap
  /** Places that were replaced; a value that stands three times counts three times. */
  readonly replaced: number
}

/** One place whose value goes. */
interface Place {
  readonly start: number
  readonly end: number
  readonly type: string
  readonly restores: boolean
}

/**
 * Replaces what was found by placeholders: a pure function of the key and the request, in which nothing before a place
 * depends on what comes after it. So a conversation that grows keeps the bytes of its earlier turns, and the answer can
 * be restored from its request alone.
 *
 * A value that was found once is also replaced where it stands later in what users, tools and models say, found or
 * not: an answer brings it back without the words by which it was recognised.
 */
export const createRedaction = (input: RedactionInput): Redaction => {
  const known = knownValues()
  for (const { value, type } of input.earlier?.entries() ?? []) {
    if (value !== undefined) known.add(value, type, true)
  }
  // Most requests hold nothing that is to be replaced.
  if (known.isEmpty() && input.findings.every((findings) => findings.length === 0))
    return { edits: [], map: nameValues(input, []).map, replaced: 0 }
  // A text is decoded when it is asked for.
  const places = input.texts.map((read, index): readonly Place[] => {
    const { leaf } = read
    if (input.signedReasoning && leaf.kind === 'reasoning') return []
    const findings = input.findings[index] ?? []
    const found = merge(findings.map((finding) => ({ ...finding, restores: input.restores(finding) })))
    for (const place of found) known.add(read.text.slice(place.start, place.end), place.type, place.restores)
    // What the operator and the tools' definitions say may stand behind the conversation, and must not change with it.
    const again = leaf.role === 'system' || known.isEmpty() ? [] : known.find(read.text)
    return again.length === 0 ? found : merge([...found, ...again])
  })
  const located = input.texts.map((read, index) => locate(read, places[index] ?? []))
  const names = nameValues(input, located.flat())
  const edits = input.texts.flatMap(({ leaf }, index): readonly Edit[] => {
    const changes = (located[index] ?? []).map(({ start, end, type, value, quote }): Change => {
      const placeholder = names.placeholderOf(type, value)
      return { start, end, text: quote === undefined ? placeholder : quote(placeholder) }
    })
    return changes.length === 0 ? [] : [{ leaf, text: spliceText(leaf.text, changes), changes }]
  })
  return {
    edits,
    map: names.map,
    replaced: edits.reduce((sum, edit) => sum + (edit.changes?.length ?? 0), 0),
  }
}

/** Overlapping places become one, of the longest one's type; if one of them shall not come back, none does. */
const merge = (places: readonly Place[]): readonly Place[] => {
  if (places.length === 0) return places
  const ordered = [...places].sort((a, b) => a.start - b.start || b.end - a.end)
  const merged: Place[] = []
  let longest = 0
  for (const { start, end, type, restores } of ordered) {
    if (end <= start) continue
    const last = merged.at(-1)
    if (last === undefined || start >= last.end) {
      merged.push({ start, end, type, restores })
      longest = end - start
      continue
    }
    merged[merged.length - 1] = {
      start: last.start,
      end: Math.max(last.end, end),
      type: end - start > longest ? type : last.type,
      restores: last.restores && restores,
    }
    longest = Math.max(longest, end - start)
  }
  return merged
}

/** A value with its place in the leaf's own text. */
interface Located {
  readonly start: number
  readonly end: number
  readonly type: string
  readonly restores: boolean
  readonly value: string
  /** How the placeholder is written there, where that is not its own text. */
  readonly quote?: (text: string) => string
}

const locate = (read: LeafText, places: readonly Place[]): readonly Located[] => {
  if (places.length === 0) return []
  const { leaf, text: view } = read
  if (!isJsonLeaf(leaf)) {
    return places.map((place) => ({ ...place, value: view.slice(place.start, place.end) }))
  }
  const regions = jsonRegions(leaf.text)
  const located: Located[] = []
  let next = 0
  /** Where the last place ended: what lies before is not walked again. */
  let walked = { view: 0, source: 0 }
  const sourceOf = (region: JsonRegion, unit: number): number => {
    const from =
      walked.source < region.sourceStart ? { view: region.start, source: region.sourceStart } : walked
    walked = { view: unit, source: sourceOffset(leaf.text, from, unit) }
    return walked.source
  }
  for (const { start, end, type, restores } of places) {
    while (next < regions.length && (regions[next]?.end ?? 0) <= start) next++
    // Quotes and commas stay: what reaches over several values is replaced in each of them.
    for (let index = next; index < regions.length; index++) {
      const region = regions[index]
      if (region === undefined || region.start >= end) break
      if (region.type === 'scalar') {
        // A number or word is replaced whole, by a string.
        if (located.at(-1)?.end === region.sourceEnd) continue
        const value = view.slice(region.start, region.end)
        const span = { start: region.sourceStart, end: region.sourceEnd }
        located.push({ ...span, value, type, restores, quote: JSON.stringify })
        continue
      }
      const from = Math.max(start, region.start)
      const to = Math.min(end, region.end)
      if (from >= to) continue
      const span = { start: sourceOf(region, from), end: sourceOf(region, to) }
      located.push({ ...span, value: view.slice(from, to), type, restores, quote: escapeText })
    }
  }
  return located
}

interface Names {
  readonly placeholderOf: (type: string, value: string) => string
  readonly map: PlaceholderMap
}

interface Named {
  readonly type: string
  readonly value: string
  readonly id: string
  restores: boolean
  length: number
  placeholder: string
}

/** Gives every value its placeholder: the shortest that no other value has and that no client wrote. */
const nameValues = ({ key, texts, form, earlier }: RedactionInput, values: readonly Located[]): Names => {
  const named = new Map<string, Named>()
  const taken = new Set<string>()
  const before = new Map<string, string>()
  for (const { placeholder, type, value } of earlier?.entries() ?? []) {
    if (value === undefined) continue
    taken.add(placeholder)
    before.set(`${type}\0${value}`, placeholder)
  }
  const formOf = (type: string): PlaceholderForm => (alikeTypes.has(type) ? (form?.(type) ?? 'tag') : 'tag')
  const write = (item: Named): void => {
    do {
      item.placeholder = writePlaceholder(formOf(item.type), item.type, item.id, item.length)
      item.length++
    } while (taken.has(item.placeholder))
    taken.add(item.placeholder)
  }
  for (const { type, value, restores } of values) {
    const name = `${type}\0${value}`
    const known = named.get(name)
    if (known === undefined) {
      const placeholder = before.get(name) ?? ''
      const item = { type, value, id: idOf(key, type, value), restores, length: shortestId, placeholder }
      if (placeholder === '') write(item)
      named.set(name, item)
    } else known.restores &&= restores
  }
  const entries = (): readonly PlaceholderEntry[] =>
    [...named.values()].map(({ placeholder, type, value, restores }) => ({
      placeholder,
      type,
      ...(restores ? { value } : {}),
    }))
  let map = createPlaceholderMap(entries())
  // What the client wrote itself would come back as a value. Models say placeholders because they were given them.
  for (let round = 0; round < 8; round++) {
    const written = literals(texts, map)
    if (written.size === 0) break
    for (const item of named.values()) if (written.has(item.placeholder)) write(item)
    map = createPlaceholderMap(entries())
  }
  return { map, placeholderOf: (type, value) => named.get(`${type}\0${value}`)?.placeholder ?? '' }
}

/** Placeholders that stand, also mangled, in what the client's side wrote. */
const literals = (texts: readonly LeafText[], map: PlaceholderMap): ReadonlySet<string> => {
  const written = new Set<string>()
  if (!map.restores) return written
  // Restores each placeholder to itself, so that what is put in place of one tells which it was.
  const echo = createPlaceholderMap(
    map
      .entries()
      .flatMap(({ placeholder, type, value }) =>
        value === undefined ? [] : [{ placeholder, type, value: `\u0000${placeholder}\u0000` }],
      ),
  )
  for (const { leaf, text } of texts) {
    if (leaf.role === 'assistant') continue
    const restored = restoreText(text, echo)
    if (restored === text) continue
    for (const piece of restored.split('\u0000')) if (map.get(piece) !== undefined) written.add(piece)
  }
  return written
}
