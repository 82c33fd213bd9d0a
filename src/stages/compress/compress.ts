import {
  asksForEdits,
  bringsEditTools,
  type CompressMode,
  type CompressOptions,
  compressorVersion,
  compressText,
  countsLines,
  type Form,
  isPasted,
  markedEnd,
  opaqueMembers,
  printsOf,
  type ServedForms,
  type TextCompression,
} from '../../compress/index.ts'
import { applyEdits } from '../../firewall/index.ts'
import type { Edit, Leaf } from '../../ir/index.ts'
import type { Compression } from '../../ledger/index.ts'
import type { Exchange, Reply, Stage } from '../../pipeline/index.ts'
import type { ScannedRequest } from '../../protocols/index.ts'
import { estimateText } from '../../translation/index.ts'
import { type JsonScan, valueAt } from '../../wire/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Screened } from '../firewall/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched } from '../match/index.ts'
import { leavesOf, type Received, withBody } from '../receive/index.ts'

/** What is sent is as short as it will be: from here on nobody changes a text. */
export interface Compressed {
  readonly compressed: true
}

export interface CompressParts {
  readonly compression: CompressOptions & { readonly mode: CompressMode }
  readonly servedForms: ServedForms
  readonly maxNesting: number
  readonly onCompressed: (compression: CompressedBlocks) => void
}

/** Of the blocks that something was taken from. */
export interface CompressedBlocks extends Compression {
  readonly blocks: number
}

type Asked = Exchange & Authenticated & Recorded & Received & Matched & Screened

/**
 * Takes comments out of the code that people paste, where the operator, the key and the request want it. A text that a
 * provider has seen before goes to it as it went then, whatever is wanted of new ones. A request that does not want it at
 * all goes as its client wrote it: nothing is looked up for it, and nothing noted.
 */
export const compress = (parts: CompressParts): Stage<Asked, Compressed> => ({
  name: 'compress',
  run: (exchange, next) => (isWanted(parts, exchange) ? run(parts, exchange, next) : next(untouched)),
})

const untouched: Compressed = { compressed: true }

const isWanted = (parts: CompressParts, { identity, match, operation, incoming }: Asked): boolean => {
  const own = identity.options.compress
  const mode = own === 'inherit' ? (match.policy?.compress ?? parts.compression.mode) : own
  if (mode === 'off' || (operation !== 'generate' && operation !== 'count-tokens')) return false
  const asked = incoming.headers.get('x-tollgate-compress')
  return mode === 'on' ? asked !== 'off' : asked === 'on'
}

const run = async (
  parts: CompressParts,
  exchange: Asked,
  next: (added: Compressed & Partial<Received>) => Promise<Reply>,
): Promise<Reply> => {
  const { request, protocol, entry } = exchange
  const found = await compressions(parts, exchange)
  if (found.length === 0) return next(untouched)
  const body = applyEdits(request.body, found.map(editOf))
  const changed = withBody(protocol, request, body, parts.maxNesting)
  const compression = sum(found)
  entry.compression = compression
  parts.onCompressed(compression)
  const reply = await next({ ...untouched, ...changed })
  reply.headers.set('x-tollgate-compress', headerOf(compression))
  return reply
}

interface Found {
  readonly leaf: Leaf
  readonly compression: TextCompression
}

/** What goes from which leaf; in the order of the leaves. */
const compressions = async (parts: CompressParts, exchange: Asked): Promise<readonly Found[]> => {
  const { request, protocol, operation, identity } = exchange
  const { text: json } = request.scan
  if (!json.includes('```') && !json.includes('~~~')) return []
  const leaves = leavesOf(protocol, operation, request)
  if (!leaves.some(isPasted) || mayEdit(request, leaves)) return []
  const options = { dedent: parts.compression.dedent }
  const others = { dedent: !options.dedent }
  const candidates = candidatesOf(leaves, markedEnd(json)).flatMap((leaf) => {
    const compression = compressText(leaf.text, options)
    // What nothing is taken from now may have gone shorter, before `dedent` was changed.
    const isCandidate = compression !== undefined || compressText(leaf.text, others) !== undefined
    return isCandidate ? [{ leaf, compression }] : []
  })
  if (candidates.length === 0) return []
  const { organisation } = identity.tenant
  const prints = printsOf(
    leaves,
    candidates.map(({ leaf }) => leaf),
  )
  const forms = await parts.servedForms.find(organisation, prints)
  const lastAnswer = leaves.findLast(({ role }) => role === 'assistant' || role === 'tool')?.start ?? -1
  return candidates.flatMap(({ leaf, compression }, index) => {
    // A text of an earlier turn that nobody remembers went out as it was: before this was switched on.
    const form = forms[index] ?? (leaf.start > lastAnswer ? formOf(options) : 'raw')
    const print = prints[index]
    if (print !== undefined && operation === 'generate') parts.servedForms.note(organisation, print, form)
    const served =
      form === formOf(options)
        ? compression
        : form === formOf(others)
          ? compressText(leaf.text, others)
          : undefined
    return served === undefined ? [] : [{ leaf, compression: served }]
  })
}

const formOf = ({ dedent }: CompressOptions): Form =>
  dedent ? `${compressorVersion}d` : `${compressorVersion}`

/** Behind what is marked for a cache, and before anybody asks for edits. */
const candidatesOf = (leaves: readonly Leaf[], marked: number): readonly Leaf[] => {
  const candidates: Leaf[] = []
  for (const leaf of leaves.slice(0, leaves.findLastIndex(isPasted) + 1)) {
    if (leaf.role === 'system') continue
    if (asksForEdits(leaf.text)) break
    if (leaf.start >= marked && isPasted(leaf) && !countsLines(leaf.text)) candidates.push(leaf)
  }
  return candidates
}

/** Will somebody edit the files that the code is from? Told by tools, and by prompts of agents without tools. */
const mayEdit = ({ scan }: ScannedRequest, leaves: readonly Leaf[]): boolean =>
  opaqueMembers.some((name) => says(scan, name)) ||
  hasHiddenTools(scan) ||
  ['tools', 'functions'].some((name) => editsWith(scan, name)) ||
  leaves.some(({ role, kind, text }) => role === 'system' && kind === 'text' && asksForEdits(text))

/** Clients write `null` for what they do not want. */
const says = ({ text, top }: JsonScan, member: string): boolean => {
  const span = top.get(member)
  return span !== undefined && !text.startsWith('null', span.start)
}

/** Responses may bring tools in the middle of a conversation. */
const hasHiddenTools = ({ text, top }: JsonScan): boolean => {
  const key = '"tools"'
  const own = top.get('tools')
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    const behind = at + key.length
    if (own === undefined || behind > own.start || text.slice(behind, own.start).trim() !== ':') return true
  }
  return false
}

/** Tools that nobody can read may do anything. */
const editsWith = (scan: JsonScan, member: string): boolean => {
  const span = scan.top.get(member)
  try {
    return span !== undefined && bringsEditTools(valueAt(scan, span))
  } catch {
    return true
  }
}

const editOf = ({ leaf, compression }: Found): Edit => ({
  leaf,
  text: compression.text,
  changes: compression.removals.map(({ start, end }) => ({ start, end, text: '' })),
})

const sum = (found: readonly Found[]): CompressedBlocks => {
  const total = { blocks: 0, bytesBefore: 0, bytesAfter: 0, tokensBefore: 0, tokensAfter: 0 }
  for (const { compression } of found) {
    for (const { before, after } of compression.blocks) {
      total.blocks++
      total.bytesBefore += Buffer.byteLength(before)
      total.bytesAfter += Buffer.byteLength(after)
      total.tokensBefore += estimateText(before)
      total.tokensAfter += estimateText(after)
    }
  }
  return {
    ...total,
    tokensBefore: Math.round(total.tokensBefore),
    tokensAfter: Math.round(total.tokensAfter),
  }
}

const headerOf = ({ blocks, bytesBefore, bytesAfter }: CompressedBlocks): string =>
  `blocks=${blocks}; bytes-before=${bytesBefore}; bytes-after=${bytesAfter}`
