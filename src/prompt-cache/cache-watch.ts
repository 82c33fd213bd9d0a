import type { ProtocolId, Usage } from '../ir/index.ts'
import type { CacheRules } from './cache-rules.ts'
import { findMarks } from './find-marks.ts'
import {
  commonRun,
  type Fingerprint,
  fingerprintOf,
  latin1,
  sharedReach,
  sharedTurns,
} from './fingerprint.ts'
import { type Difference, firstDifference } from './first-difference.ts'
import { promptOrder } from './prompt-order.ts'
import { createSealer, type SealedCopy } from './sealed-copy.ts'

/** A provider read less from its cache than it had kept of this conversation. */
export interface CacheBreak {
  /**
   * `client` or `gateway`: who changed what had been sent before; `unmarked`: the request says no longer where to
   * cache; `provider`: nothing changed.
   */
  readonly cause: 'client' | 'gateway' | 'unmarked' | 'provider'
  /** Tokens that the provider had kept and the request asked for again. */
  readonly expectedTokens: number
  /** Tokens that it read. */
  readonly readTokens: number
  /** The first byte that changed; undefined where none did, or the earlier request is not remembered any more. */
  readonly difference: Difference | undefined
}

/** A request as it goes to a provider. */
export interface SentRequest {
  /** Whose conversations: nobody else's are compared with them. */
  readonly group: string
  /** Provider, model and credential: another one holds nothing of what this one has kept. */
  readonly upstream: string
  readonly protocol: ProtocolId
  readonly rules: CacheRules
  readonly body: Uint8Array
  /** The same, a character for each byte, where somebody has it. */
  readonly text?: string
  /** What the client said, where that is not what is sent. */
  readonly client:
    | { readonly protocol: ProtocolId; readonly body: Uint8Array; readonly text?: string }
    | undefined
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A request that is under way, as far as it is remembered. */
export interface Watched {
  /**
   * It was answered. Remembers what the provider holds now.
   * @returns how much less it read than it could have; undefined where all is well or nothing can be told
   */
  answered(usage: Usage): CacheBreak | undefined
}

export interface CacheWatchOptions {
  /** Most bytes that are remembered of requests. */
  readonly memory: number
  readonly now: () => number
}

/** A conversation with one upstream, as it was after its last answer. */
interface Line {
  readonly group: string
  readonly upstream: string
  readonly print: Fingerprint
  /** Of what the client said; that of what was sent where that is the same. */
  readonly client: Fingerprint
  copy: SealedCopy | undefined
  /** Tokens that the provider holds of it. */
  readonly kept: number
  readonly isLong: boolean
  /** When it was sent, and when its answer was over. */
  readonly sentAt: number
  readonly readyAt: number
}

/** So many conversations of one session at one time: an agent and its helpers. */
const mostLines = 8

/**
 * Remembers the last request of each conversation, and what the provider said of its cache, to hold the next one
 * against it. Of texts it keeps hashes of their pieces, and as long as there is room an encrypted copy of the body.
 */
export class CacheWatch {
  private readonly now: () => number
  private memory: number
  private readonly sealer = createSealer()
  private readonly groups = new Map<string, Line[]>()
  /** Those used last come last. */
  private readonly lines = new Set<Line>()
  /** Those of them that have a copy, in the same order. */
  private readonly copied = new Set<Line>()
  private bytes = 0
  private copiedBytes = 0
  /** No line is of use for longer, in milliseconds. */
  private longestLife = 0

  constructor({ memory, now }: CacheWatchOptions) {
    this.memory = memory
    this.now = now
  }

  /** From now on so many bytes are remembered at most. */
  limit(memory: number): void {
    this.memory = memory
    this.makeRoom()
  }

  /** Bytes that are remembered now. */
  get size(): number {
    return this.bytes
  }

  /** Undefined for what no cache can hold. */
  watch(sent: SentRequest): Watched | undefined {
    const order = promptOrder(sent.protocol)
    const clientOrder = sent.client === undefined ? undefined : promptOrder(sent.client.protocol)
    if (order === undefined || sent.rules.how === 'none') return undefined
    const print = fingerprintOf(sent.body, order, sent.text)
    const client =
      sent.client === undefined || clientOrder === undefined
        ? print
        : fingerprintOf(sent.client.body, clientOrder, sent.client.text)
    return { answered: (usage) => this.judge(sent, print, client, usage) }
  }

  private judge(
    sent: SentRequest,
    print: Fingerprint,
    client: Fingerprint,
    usage: Usage,
  ): CacheBreak | undefined {
    const read = usage.cacheReadTokens
    // Who says nothing of its cache cannot be held to it.
    if (read === undefined) return undefined
    const before = this.find(sent, client)
    const found =
      before === undefined ? undefined : this.compare(before, sent, { print, client }, usage, read)
    this.remember(before, sent, {
      group: sent.group,
      upstream: sent.upstream,
      print,
      client,
      copy: undefined,
      kept: keptBy(sent.rules, usage, read),
      isLong: lastsLong(usage, before?.isLong ?? false),
      sentAt: sent.at,
      readyAt: this.now(),
    })
    return found
  }

  /**
   * The conversation that a request goes on with: the one that has most of what the client says, then the one that begins
   * as it does, else the latest.
   */
  private find({ group, upstream }: SentRequest, client: Fingerprint): Line | undefined {
    let best: Line | undefined
    let most = 0
    let longest = 0
    for (const line of this.groups.get(group) ?? []) {
      if (line.upstream !== upstream) continue
      const shared = sharedTurns(line.client, client)
      if (shared === 0 || shared < most) continue
      const run = commonRun(line.client, client)
      if (shared === most && run < longest) continue
      best = line
      most = shared
      longest = run
    }
    return best
  }

  private compare(
    line: Line,
    sent: SentRequest,
    { print, client }: Pick<Line, 'print' | 'client'>,
    usage: Usage,
    read: number,
  ): CacheBreak | undefined {
    const { rules, at, body, protocol } = sent
    const life = line.isLong ? (rules.longLife ?? rules.life) : rules.life
    // Its clock and ours differ by the way between us.
    if (at - line.sentAt > life * 0.95 || line.readyAt > at) return undefined
    if (line.kept - read <= tolerance(rules, line.kept)) return undefined
    const expected = readable(line, rules, { print, client }, usage)
    if (expected - read <= tolerance(rules, expected)) return undefined
    const after = latin1(body)
    const difference =
      line.copy === undefined
        ? undefined
        : firstDifference(latin1(this.sealer.open(line.copy)), after, protocol)
    const common = { expectedTokens: expected, readTokens: read, difference }
    if (difference !== undefined) return { cause: whoChanged(line, { print, client }), ...common }
    if (line.copy === undefined && !goesOnFrom(line.print, print)) {
      return { cause: whoChanged(line, { print, client }), ...common }
    }
    const isUnmarked = rules.how === 'marks' && findMarks(after).length === 0
    if (isUnmarked) return { cause: 'unmarked', ...common }
    return rules.reads === 'sure' ? { cause: 'provider', ...common } : undefined
  }

  private remember(before: Line | undefined, sent: SentRequest, line: Line): void {
    if (before !== undefined && replaces(line, before)) this.forget(before)
    this.forgetOld(sent)
    if (line.kept === 0 && before === undefined) return
    if (sent.body.byteLength <= this.memory / 4) {
      line.copy = this.sealer.seal(sent.body)
      this.copied.add(line)
      this.copiedBytes += line.copy.sealed.byteLength
    }
    const group = this.groups.get(line.group)
    if (group === undefined) this.groups.set(line.group, [line])
    else {
      const [oldest] = group
      if (group.length >= mostLines && oldest !== undefined) this.forget(oldest)
      group.push(line)
      this.groups.set(line.group, group)
    }
    this.lines.add(line)
    this.bytes += sizeOf(line)
    this.makeRoom()
  }

  private forget(line: Line): void {
    if (!this.lines.delete(line)) return
    this.dropCopy(line)
    this.bytes -= sizeOf(line)
    const group = this.groups.get(line.group)
    if (group === undefined) return
    const place = group.indexOf(line)
    if (place >= 0) group.splice(place, 1)
    if (group.length === 0) this.groups.delete(line.group)
  }

  private dropCopy(line: Line): void {
    if (line.copy === undefined || !this.copied.delete(line)) return
    const { byteLength } = line.copy.sealed
    this.bytes -= byteLength
    this.copiedBytes -= byteLength
    line.copy = undefined
  }

  /** What no provider holds any more. */
  private forgetOld({ rules }: SentRequest): void {
    this.longestLife = Math.max(this.longestLife, rules.longLife ?? rules.life)
    const oldest = this.now() - this.longestLife
    for (const line of this.lines) {
      if (line.readyAt >= oldest) return
      this.forget(line)
    }
  }

  /**
   * Copies of what is longest ago go first, then what is known of it at all. Half of the memory is for copies, however
   * many conversations there are.
   */
  private makeRoom(): void {
    const { memory } = this
    if (this.bytes <= memory) return
    for (const line of this.lines) {
      if (this.bytes - this.copiedBytes <= memory / 2) break
      this.forget(line)
    }
    for (const line of this.copied) {
      if (this.bytes <= memory) return
      this.dropCopy(line)
    }
  }
}

/** So many tokens may be missing: counts differ by a step, and where nothing is promised by more. */
const tolerance = ({ step, reads }: CacheRules, kept: number): number =>
  Math.max(2 * step, kept / (reads === 'sure' ? 100 : 20))

/**
 * Tokens of what the provider holds of a conversation that a request can read: not more than it has itself, and not what
 * was given up at the end. Rather too few: nobody is to be told of a break that was none.
 */
const readable = (
  line: Line,
  { how }: CacheRules,
  { print, client }: Pick<Line, 'print' | 'client'>,
  { inputTokens }: Usage,
): number => {
  const most = Math.min(line.kept, inputTokens ?? line.kept)
  if (sharedReach(line.client, client) === line.client.hashes.length) return most
  const reach = sharedReach(line.print, print)
  if (reach === line.print.hashes.length) return most
  const { ends, marked } = line.print
  // Of a prompt that is held up to marks, nothing between two of them can be read.
  const cut = how === 'marks' ? (marked.findLast((pieces) => pieces <= reach) ?? 0) : reach
  if (cut === 0) return 0
  const givenUp = (ends.at(-1) ?? 0) - (ends[cut - 1] ?? 0)
  return Math.max(0, Math.min(most, Math.floor(line.kept - givenUp / fewestBytesOfToken)))
}

/** No tokenizer makes more tokens of a text. */
const fewestBytesOfToken = 1.5

/** Whether a conversation is the earlier one with more said; else both may go on. */
const replaces = ({ client }: Line, before: Line): boolean => {
  const { length } = before.client.hashes
  if (commonRun(before.client, client) === length) return true
  return goesOnFrom(before.client, client) && client.hashes.length > length
}

/** What is beside the hashes and the copy, about. */
const bytesOfLine = 400

const bytesOfPrint = ({ hashes, ends, marked }: Fingerprint): number =>
  hashes.byteLength + ends.byteLength + marked.length * 8

const sizeOf = ({ print, client, copy, group }: Line): number =>
  bytesOfLine +
  group.length * 2 +
  bytesOfPrint(print) +
  (client === print ? 0 : bytesOfPrint(client)) +
  (copy?.sealed.byteLength ?? 0)

/** Tokens that the provider holds of a prompt whose usage this is. */
const keptBy = (rules: CacheRules, usage: Usage, read: number): number => {
  if (rules.how === 'marks') return read + (usage.cacheWriteTokens ?? 0) + (usage.cacheWriteLongTokens ?? 0)
  const whole = Math.floor((usage.inputTokens ?? 0) / rules.step) * rules.step
  return whole < rules.minimumTokens ? 0 : whole
}

/** The shorter life counts where both were asked for; reading alone renews what there is. */
const lastsLong = ({ cacheWriteTokens = 0, cacheWriteLongTokens = 0 }: Usage, before: boolean): boolean =>
  cacheWriteTokens > 0 ? false : cacheWriteLongTokens > 0 || before

/** What went out as the client said it, nobody else has changed. */
const whoChanged = (line: Line, { print, client }: Pick<Line, 'print' | 'client'>): 'client' | 'gateway' => {
  if (line.client === line.print && client === print) return 'client'
  return goesOnFrom(line.client, client) ? 'gateway' : 'client'
}

const goesOnFrom = (before: Fingerprint, after: Fingerprint): boolean =>
  commonRun(before, after) >= before.hashes.length - before.loose
