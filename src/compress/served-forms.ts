/** How a text was served: as its client wrote it, or by a version of the rules, de-indented or not. */
export type Form = 'raw' | `${number}` | `${number}d`

/** A memory that several processes share. */
export interface SharedForms {
  get(key: string): Promise<string | undefined>
  /** @param ttl milliseconds */
  set(key: string, value: string, ttl: number): Promise<void>
  status(): 'alone' | 'connected' | 'away'
}

/**
 * In which form texts of conversations went to providers, so that each later turn serves them the same way. Bounded:
 * what was not asked for longest goes first. A text is known by its organisation and a print of all that was said up to
 * it.
 */
export interface ServedForms {
  /** In the order of the prints; `undefined` where nobody remembers. Never rejects. */
  find(organisation: string, prints: readonly string[]): Promise<readonly (Form | undefined)[]>
  /** As it is served now. Returns at once. */
  note(organisation: string, print: string, form: Form): void
}

export interface ServedFormsOptions {
  /** Absent: this process alone knows. */
  readonly shared?: SharedForms
  /** Texts that are remembered here; each takes some 150 bytes. */
  readonly most?: number
  readonly now: () => number
}

/** Longer than people pause in a conversation, and far longer than providers keep a prefix. */
const sharedLife = 24 * 60 * 60_000

interface Known {
  readonly form: Form
  /** When the others were told, or are being told; −∞ where they were not. */
  toldAt: number
}

export const createServedForms = ({ shared, most = 100_000, now }: ServedFormsOptions): ServedForms => {
  const known = new Map<string, Known>()
  const remember = (key: string, one: Known): void => {
    known.delete(key)
    if (known.size >= most) for (const oldest of known.keys()) if (known.delete(oldest)) break
    known.set(key, one)
  }
  const isShared = (): boolean => shared !== undefined && shared.status() === 'connected'
  const ask = async (key: string): Promise<Form | undefined> => {
    const own = known.get(key)
    if (own !== undefined || !isShared()) return own?.form
    try {
      const said = formOf(await shared?.get(`compress:${key}`))
      if (said !== undefined) remember(key, { form: said, toldAt: now() })
      return said
    } catch {
      // Nobody can be asked: as if nobody remembered.
      return undefined
    }
  }
  return {
    find: (organisation, prints) => Promise.all(prints.map((print) => ask(keyOf(organisation, print)))),
    note(organisation, print, form) {
      const key = keyOf(organisation, print)
      const own = known.get(key)
      const at = now()
      const isTold = own !== undefined && own.form === form && at - own.toldAt < sharedLife / 4
      if (isTold) return remember(key, own)
      const one: Known = { form, toldAt: Number.NEGATIVE_INFINITY }
      remember(key, one)
      if (!isShared()) return
      one.toldAt = at
      shared?.set(`compress:${key}`, form, sharedLife).catch(() => {
        // Until they are told the others serve the text as its client wrote it: the next turn tells them.
        one.toldAt = Number.NEGATIVE_INFINITY
      })
    },
  }
}

const keyOf = (organisation: string, print: string): string => `${organisation}:${print}`

const formOf = (said: string | undefined): Form | undefined => {
  if (said === 'raw') return said
  const [, version, dedent] = /^(\d{1,6})(d?)$/.exec(said ?? '') ?? []
  if (version === undefined) return undefined
  return dedent === 'd' ? `${Number(version)}d` : `${Number(version)}`
}
