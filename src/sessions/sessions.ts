import { GatewayError } from '../errors.ts'
import type { JsonText } from '../ir/index.ts'
import {
  type ConversationItemRow,
  type ConversationStore,
  type ItemRange,
  sizeOf,
} from './conversation-store.ts'
import type { Owner } from './owner.ts'
import { type ResponseRecord, readRecord, writeRecord } from './response-record.ts'
import type { ResponseRow, ResponseStore } from './response-store.ts'
import { openSession, type SessionPlace, sealSession } from './session-cipher.ts'
import type { StateKeysOf } from './state-keys.ts'

/** A kept answer. */
export interface KeptResponse {
  readonly id: string
  /** `lost`: the process that wrote it in the background died. */
  readonly state: 'running' | 'done' | 'lost'
  readonly record: ResponseRecord
}

export interface KeptConversation {
  readonly id: string
  readonly metadata: JsonText
  /** Milliseconds since 1970. */
  readonly created: number
}

export interface KeptItem {
  readonly id: string
  readonly json: JsonText
  readonly position: number
}

/** An item with the id that it is to be found by. */
export interface NewItem {
  readonly id: string
  readonly json: JsonText
}

/**
 * Answers and conversations that the gateway keeps (translation.md §1.7): sealed for their organisation, for a time,
 * and found only by who made them. What is not found does not tell why: it was not kept, deleted, has expired, or is
 * somebody else's.
 */
export interface Sessions {
  /** @throws GatewayError `gateway_storage_unavailable` */
  response(owner: Owner, id: string): Promise<KeptResponse | undefined>
  /** Is it small enough to be kept? */
  fits(record: ResponseRecord): boolean
  /** Durable when it resolves. `running`: it will be finished in the background. */
  keep(owner: Owner, id: string, record: ResponseRecord, state?: 'running'): Promise<void>
  /** Replaces a running answer; false where it was ended or deleted meanwhile. */
  finish(owner: Owner, id: string, record: ResponseRecord): Promise<boolean>
  /** Reports that it is still running; false where it was ended or deleted meanwhile. */
  touch(owner: Owner, id: string): Promise<boolean>
  forget(owner: Owner, id: string): Promise<boolean>
  /**
   * Everything that was said before the own input of a kept answer, oldest first.
   * @throws GatewayError `gateway_handle_unknown` where a part of it is gone, `gateway_request_invalid` where it is
   *   longer than one request may continue
   */
  historyOf(owner: Owner, record: ResponseRecord): Promise<readonly JsonText[]>

  createConversation(owner: Owner, id: string, metadata: JsonText, items: readonly NewItem[]): Promise<number>
  conversation(owner: Owner, id: string): Promise<KeptConversation | undefined>
  updateConversation(owner: Owner, id: string, metadata: JsonText): Promise<void>
  forgetConversation(owner: Owner, id: string): Promise<boolean>
  /** Adds items behind all others; undefined where the conversation is gone. */
  append(owner: Owner, id: string, items: readonly NewItem[]): Promise<readonly KeptItem[] | undefined>
  items(owner: Owner, id: string, range: ItemRange): Promise<readonly KeptItem[]>
  /** All items up to a position, oldest first. Throws as `historyOf` does. */
  allItems(owner: Owner, id: string, before?: number): Promise<readonly KeptItem[]>
  item(owner: Owner, id: string, item: string): Promise<KeptItem | undefined>
  /** An item of any conversation. */
  anyItem(owner: Owner, item: string): Promise<KeptItem | undefined>
  forgetItem(owner: Owner, id: string, item: string): Promise<boolean>

  /** Drops what has expired or is too much; answers how much that was. Call it now and then. */
  purge(): Promise<number>
}

/** As the settings say, read anew each time. Times in milliseconds, sizes in bytes. */
export interface SessionLimits {
  readonly lifetime: number
  readonly shared_by: 'key' | 'organisation'
  readonly max_response: number
  readonly max_history: number
  readonly max_stored: number
}

export interface SessionsOptions {
  readonly limits: () => SessionLimits
  /** The items of an answer's output. */
  readonly outputOf: (response: JsonText) => readonly JsonText[]
  readonly now?: () => number
}

/** A running answer that nobody reported for so long is lost: its process has died. */
export const runningFor = 90_000
/** Small enough that no other write waits for long. */
const batch = 200
/** Items that are read at once. */
const pageSize = 1_000
/** Adding up what everybody keeps takes a walk over an index, so it is done once in so many purges. */
const purgesPerMeasure = 20
/** Answers in one chain. */
const longestChain = 10_000

export const createSessions = (
  stores: { readonly responses: ResponseStore; readonly conversations: ConversationStore },
  keys: StateKeysOf,
  { limits, outputOf, now = Date.now }: SessionsOptions,
): Sessions => {
  const { responses, conversations } = stores
  const clock = positionClock(now)
  let purges = 0
  const seal = (text: string, place: SessionPlace): string =>
    sealSession(text, place, keys(place.organisation).sessions)
  const open = (sealed: string, place: SessionPlace): string | undefined =>
    openSession(sealed, place, keys(place.organisation).sessions)
  const isOf = (owner: Owner, row: { readonly owner: Owner }): boolean =>
    row.owner.organisation === owner.organisation &&
    (limits().shared_by === 'organisation' || row.owner.key === owner.key)

  const opened = (row: ResponseRow): ResponseRecord | undefined => {
    const place = { organisation: row.owner.organisation, kind: 'response', id: row.id } as const
    const text = open(row.sealed, place)
    return text === undefined ? undefined : readRecord(text)
  }
  const stateOf = (row: ResponseRow): KeptResponse['state'] =>
    row.state === 'running' && row.touched < now() - runningFor ? 'lost' : row.state
  const rowOf = (
    owner: Owner,
    id: string,
    record: ResponseRecord,
    state: ResponseRow['state'],
  ): ResponseRow => {
    const at = now()
    const place = { organisation: owner.organisation, kind: 'response', id } as const
    const sealed = seal(writeRecord(record), place)
    return { owner, id, state, sealed, created: at, touched: at, expires: at + limits().lifetime }
  }

  const chainItems = async (owner: Owner, ids: readonly string[]): Promise<readonly JsonText[]> => {
    const rows = new Map((await responses.find(owner.organisation, ids, now())).map((row) => [row.id, row]))
    return ids.flatMap((id) => {
      const row = rows.get(id)
      const record = row === undefined || !isOf(owner, row) ? undefined : opened(row)
      if (record === undefined) throw goneFromChain()
      return [...record.input, ...outputOf(record.response)]
    })
  }

  const find = async (owner: Owner, id: string): Promise<KeptResponse | undefined> => {
    const [row] = await responses.find(owner.organisation, [id], now())
    if (row === undefined || !isOf(owner, row)) return undefined
    const record = opened(row)
    return record === undefined ? undefined : { id, state: stateOf(row), record }
  }

  const findConversation = async (owner: Owner, id: string) => {
    const row = await conversations.find(owner.organisation, id, now())
    return row === undefined || !isOf(owner, row) ? undefined : row
  }
  const openItem = (owner: Owner, row: ConversationItemRow): readonly KeptItem[] => {
    const json = open(row.sealed, { organisation: owner.organisation, kind: 'item', id: row.id })
    return json === undefined ? [] : [{ id: row.id, json, position: row.position }]
  }
  const placed = (owner: Owner, items: readonly NewItem[]): readonly (KeptItem & ConversationItemRow)[] =>
    items.map(({ id, json }) => ({
      id,
      json,
      position: clock(),
      sealed: seal(json, { organisation: owner.organisation, kind: 'item', id }),
    }))
  const sealMetadata = (owner: Owner, id: string, metadata: JsonText): string =>
    seal(metadata, { organisation: owner.organisation, kind: 'conversation', id })

  const sessions: Sessions = {
    response: find,
    fits: (record) => sizeOfRecord(record) <= limits().max_response,
    keep: (owner, id, record, state) =>
      responses.write(rowOf(owner, id, record, state ?? 'done'), record.history),
    finish: (owner, id, record) => responses.finish(rowOf(owner, id, record, 'done')),
    touch: (owner, id) => responses.touch(owner.organisation, id, now()),
    forget: async (owner, id) =>
      (await find(owner, id)) !== undefined && (await responses.remove(owner.organisation, id)),
    historyOf: async (owner, { history, conversation }) => {
      if (history.length > longestChain) throw tooLong()
      const talked =
        conversation === undefined ? [] : await sessions.allItems(owner, conversation.id, conversation.before)
      const items = [...talked.map(({ json }) => json), ...(await chainItems(owner, history))]
      if (lengthOf(items) > limits().max_history) throw tooLong()
      return items
    },

    createConversation: async (owner, id, metadata, items) => {
      const at = now()
      const rows = placed(owner, items)
      await conversations.create(
        {
          owner,
          id,
          sealed: sealMetadata(owner, id, metadata),
          size: sizeOf(rows),
          created: at,
          touched: at,
          expires: at + limits().lifetime,
        },
        rows.map(bare),
      )
      return at
    },
    conversation: async (owner, id) => {
      const row = await findConversation(owner, id)
      const place = { organisation: owner.organisation, kind: 'conversation', id } as const
      const metadata = row === undefined ? undefined : open(row.sealed, place)
      return row === undefined || metadata === undefined ? undefined : { id, metadata, created: row.created }
    },
    updateConversation: (owner, id, metadata) =>
      conversations.update(owner.organisation, id, sealMetadata(owner, id, metadata)),
    forgetConversation: async (owner, id) =>
      (await findConversation(owner, id)) !== undefined &&
      (await conversations.remove(owner.organisation, id)),
    append: async (owner, id, items) => {
      const row = await findConversation(owner, id)
      if (row === undefined) return undefined
      const rows = placed(owner, items)
      if (row.size + sizeOf(rows) > limits().max_history * storedPerByte) throw tooLong()
      const at = now()
      const { organisation } = owner
      const place = { organisation, id, at, expires: at + limits().lifetime }
      return (await conversations.append(place, rows.map(bare))) ? rows : undefined
    },
    items: async (owner, id, range) =>
      (await conversations.list(owner.organisation, id, range)).flatMap((row) => openItem(owner, row)),
    allItems: async (owner, id, before) => {
      if ((await findConversation(owner, id)) === undefined) throw goneFromChain()
      const all: KeptItem[] = []
      let length = 0
      for (;;) {
        const last = all.at(-1)
        const page = await sessions.items(owner, id, {
          order: 'asc',
          limit: pageSize,
          ...(before === undefined ? {} : { before }),
          ...(last === undefined ? {} : { beyond: last }),
        })
        for (const item of page) {
          length += item.json.length
          all.push(item)
        }
        if (length > limits().max_history) throw tooLong()
        if (page.length < pageSize) return all
      }
    },
    item: async (owner, id, item) => {
      const row = await conversations.findItem(owner.organisation, id, item)
      return row === undefined ? undefined : openItem(owner, row)[0]
    },
    anyItem: async (owner, item) => {
      const id = await conversations.placeOf(owner.organisation, item)
      if (id === undefined || (await findConversation(owner, id)) === undefined) return undefined
      return sessions.item(owner, id, item)
    },
    forgetItem: (owner, id, item) => conversations.removeItem(owner.organisation, id, item),

    purge: async () => {
      const at = now()
      const { max_stored } = limits()
      const isMeasured = purges++ % purgesPerMeasure === 0
      let purged = 0
      for (const store of [responses, conversations]) {
        purged += await untilNone(() => store.purge(at, batch))
        if (isMeasured) purged += await untilNone(() => store.trim(max_stored, batch))
      }
      return purged
    },
  }
  return sessions
}

/** Base64 of what does not compress, with room for nonce and tag. */
const storedPerByte = 1.5

/** Numbers that rise, also across restarts: milliseconds and a counter within each. */
const positionClock = (now: () => number): (() => number) => {
  let last = 0
  return () => {
    last = Math.max(last + 1, now() * 4096)
    return last
  }
}

const bare = ({ position, id, sealed }: ConversationItemRow): ConversationItemRow => ({
  position,
  id,
  sealed,
})

const lengthOf = (items: readonly JsonText[]): number => items.reduce((total, json) => total + json.length, 0)

const sizeOfRecord = ({ input, response }: ResponseRecord): number => lengthOf(input) + response.length

const goneFromChain = (): GatewayError =>
  new GatewayError(
    'gateway_handle_unknown',
    'a part of the history that this refers to was deleted or has expired; send the whole history',
  )

const tooLong = (): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    'the kept history is longer than `sessions.max_history`; send what matters of it as input',
  )

const untilNone = async (work: () => Promise<number>): Promise<number> => {
  let done = 0
  for (;;) {
    const count = await work()
    if (count === 0) return done
    done += count
  }
}
