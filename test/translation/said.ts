/**
 * What a request says, without the words of its protocol: what must be the same after a way there and back. Left out
 * is what has no meaning of its own: source text, places, names of models, a string instead of a list of one text.
 */
import type {
  CacheMark,
  Choice,
  GenerateRequest,
  GenerateResponse,
  MediaSource,
  Part,
  ToolDefinition,
} from '../../src/ir/index.ts'
import { type Difference, differences } from '../support/differences.ts'

export interface Said {
  /** In their order, each with who says it. */
  readonly parts: readonly SaidPart[]
  readonly tools: readonly SaidTool[]
  readonly settings: object
}

interface SaidPart {
  readonly role: string
  readonly type: string
}

interface SaidTool {
  readonly type: string
  readonly name: string
}

export const saidBy = (request: GenerateRequest): Said => {
  const {
    turns,
    tools,
    protocol: _protocol,
    model: _model,
    raw: _raw,
    extensions: _extensions,
    ...rest
  } = request
  return {
    parts: inCallOrder(turns.flatMap(({ role, parts }) => parts.map((part) => ({ role, part })))).map(
      ({ role, part }) => ({ role, ...partSaid(part) }),
    ),
    tools: [...tools, ...turns.flatMap((turn) => turn.tools ?? [])].flatMap((tool) => toolsSaid(tool)),
    settings: plain(rest),
  }
}

interface Spoken {
  readonly role: string
  readonly part: Part
}

/** Results that follow each other in the order of their calls, as some protocols demand it. */
const inCallOrder = (spoken: readonly Spoken[]): readonly Spoken[] => {
  const calls = spoken.flatMap(({ part }) => (part.type === 'tool-call' ? [part.id] : []))
  const placeOf = ({ part }: Spoken): number =>
    part.type === 'tool-result' ? calls.indexOf(part.callId) : -1
  const runs: Spoken[][] = []
  for (const one of spoken) {
    const last = runs.at(-1)
    if (one.part.type === 'tool-result' && last?.[0]?.part.type === 'tool-result') last.push(one)
    else runs.push([one])
  }
  return runs.flatMap((run) => run.sort((one, other) => placeOf(one) - placeOf(other)))
}

/** Arguments of calls are compared as they are written, and media by their base64 text. */
const partSaid = (part: Part): { readonly type: string } => {
  const cache = cacheSaid(part.cache)
  switch (part.type) {
    case 'text':
      return { type: 'text', ...plain({ text: part.text, citations: part.citations }), ...cache }
    case 'tool-result': {
      const { content, form: _form, ...rest } = part
      return { type: 'tool-result', ...plain(rest), ...plain({ content: content.map(partSaid) }) }
    }
    case 'document': {
      const { source, ...rest } = part
      const said = source.type === 'parts' ? source.parts.map(partSaid) : sourceSaid(source)
      return { type: 'document', ...plain(rest), ...plain({ source: said }) }
    }
    case 'tool-call': {
      const { name, namespace, ...rest } = part
      return { type: 'tool-call', ...plain(rest), ...plain({ name: fullName(name, namespace) }) }
    }
    case 'opaque':
      return { type: 'opaque', ...plain({ name: part.name }) }
    default:
      return { type: part.type, ...plain(part) }
  }
}

const sourceSaid = (source: MediaSource): object => plain(source)

const cacheSaid = (cache: CacheMark | undefined): object => (cache === undefined ? {} : { cache })

const toolsSaid = (tool: ToolDefinition, namespace?: string): readonly SaidTool[] => {
  if (tool.type === 'namespace') return tool.tools.flatMap((inner) => toolsSaid(inner, tool.name))
  const { raw: _raw, extensions: _extensions, at: _at, ...rest } = tool
  const name = fullName(rest.name ?? (rest.type === 'server' ? rest.wireType : ''), namespace)
  const schema =
    rest.type === 'function' && rest.parameters !== undefined ? { parameters: json(rest.parameters) } : {}
  return [
    {
      ...plain(rest),
      ...schema,
      type: rest.type,
      name,
    },
  ]
}

/** As protocols without namespaces name a tool; the default one has no name there. */
const fullName = (name: string, namespace: string | undefined): string =>
  namespace === undefined || namespace === 'functions' ? name : `${namespace}__${name}`

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Without source text, extensions, places, and members that are absent. */
const plain = (value: object): object => JSON.parse(JSON.stringify(value, withoutSource))

const withoutSource = (key: string, value: unknown): unknown =>
  key === 'raw' || key === 'extensions' || key === 'at' || key === 'form' ? undefined : value

/**
 * Where one says something else than the other. Paths name kinds, not places (`parts.text.text`, `tools.function`):
 * what is gone does not make all that follows it differ.
 */
export const saidDifferently = (expected: Said, actual: Said): readonly Difference[] => [
  ...listDifferences(expected.parts, actual.parts, 'parts', ({ role, type }) => `${role} ${type}`),
  ...listDifferences(expected.tools, actual.tools, 'tools', ({ name }) => name),
  ...differences(expected.settings, actual.settings),
]

/** Elements that are equal stay together; between them, those of a kind are held against each other in their order. */
const listDifferences = <Element extends { readonly type: string }>(
  expected: readonly Element[],
  actual: readonly Element[],
  path: string,
  kindOf: (element: Element) => string,
): readonly Difference[] =>
  gaps(expected, actual).flatMap(([left, right]) => {
    const rest = [...right]
    const found: Difference[] = []
    for (const element of left) {
      const at = rest.findIndex((other) => kindOf(other) === kindOf(element))
      const place = `${path}.${element.type}`
      const [other] = at < 0 ? [] : rest.splice(at, 1)
      if (other === undefined)
        found.push({ path: place, change: 'missing', expected: element, actual: undefined })
      else found.push(...differences(element, other, place))
    }
    for (const element of rest) {
      found.push({ path: `${path}.${element.type}`, change: 'added', expected: undefined, actual: element })
    }
    return found
  })

/** What an answer says, kind by kind: where a protocol cuts its text is its own affair. */
export interface AnswerSaid {
  readonly choices: readonly ChoiceSaid[]
  readonly usage: object
  readonly model: string | undefined
  readonly serviceTier: string | undefined
}

interface ChoiceSaid {
  /** What comes after what. */
  readonly order: string
  readonly text: string
  readonly refusal: string
  readonly thoughts: string
  readonly calls: readonly object[]
  readonly citations: readonly object[]
  readonly media: readonly object[]
  /** Tools that ran at the provider. */
  readonly hosted: readonly string[]
  readonly finish: string
}

export const answerSaid = ({ choices, usage, model, serviceTier }: GenerateResponse): AnswerSaid => ({
  choices: choices.map(choiceSaid),
  usage: plain(usage ?? {}),
  model,
  serviceTier,
})

const choiceSaid = ({ parts, finish }: Choice): ChoiceSaid => {
  const of = <Type extends Part['type']>(type: Type): readonly Extract<Part, { type: Type }>[] =>
    parts.filter((part): part is Extract<Part, { type: Type }> => part.type === type)
  const spoken = parts.flatMap((part) => (part.type in kinds && !isEmpty(part) ? [kinds[part.type]] : []))
  return {
    order: spoken.filter((kind, index) => kind !== spoken[index - 1]).join(' '),
    text: of('text')
      .map(({ text }) => text)
      .join(''),
    refusal: of('refusal')
      .map(({ text }) => text)
      .join(''),
    thoughts: of('reasoning')
      .flatMap(({ pieces }) => pieces.map(({ text }) => text.trim()))
      .join('\n\n'),
    calls: of('tool-call').map(({ id, name, namespace, kind, input }) =>
      plain({ id, name, namespace, kind, input }),
    ),
    citations: of('text').flatMap(({ text, citations = [] }) =>
      citations.map(({ url, title, start, end }) =>
        plain({ url, title, covered: covered(text, start, end) }),
      ),
    ),
    media: [...of('image'), ...of('audio'), ...of('video')].map(({ type, source }) =>
      plain({ type, source }),
    ),
    hosted: of('server-call').map(({ tool }) => tool),
    finish: finish?.reason ?? 'none',
  }
}

const kinds: Readonly<Partial<Record<Part['type'], string>>> = {
  text: 'text',
  refusal: 'text',
  reasoning: 'thoughts',
  'tool-call': 'calls',
}

const isEmpty = (part: Part): boolean =>
  ((part.type === 'text' || part.type === 'refusal') && part.text === '') ||
  (part.type === 'reasoning' && part.pieces.every(({ text }) => text === ''))

/** Offsets count code points. */
const covered = (text: string, start = 0, end?: number): string => Array.from(text).slice(start, end).join('')

export const answeredDifferently = (expected: AnswerSaid, actual: AnswerSaid): readonly Difference[] =>
  differences(expected, actual)

/** The stretches of two lists between their longest common subsequence. */
const gaps = <Element>(
  left: readonly Element[],
  right: readonly Element[],
): readonly (readonly [readonly Element[], readonly Element[]])[] => {
  const one = left.map((element) => JSON.stringify(element))
  const other = right.map((element) => JSON.stringify(element))
  const lengths = one.map(() => new Uint32Array(other.length + 1))
  lengths.push(new Uint32Array(other.length + 1))
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0
  for (let i = one.length - 1; i >= 0; i--) {
    const row = lengths[i]
    if (row === undefined) continue
    for (let j = other.length - 1; j >= 0; j--) {
      row[j] = one[i] === other[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const found: (readonly [Element[], Element[]])[] = []
  let gap: readonly [Element[], Element[]] = [[], []]
  let i = 0
  let j = 0
  const close = (): void => {
    if (gap[0].length > 0 || gap[1].length > 0) found.push(gap)
    gap = [[], []]
  }
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      close()
      i++
      j++
    } else if (j >= other.length || (i < one.length && at(i + 1, j) >= at(i, j + 1))) {
      gap[0].push(...left.slice(i, i + 1))
      i++
    } else {
      gap[1].push(...right.slice(j, j + 1))
      j++
    }
  }
  close()
  return found
}

/** What of an answer its provider must get back as it said it. */
export const broughtBack = (parts: readonly Part[]): object => ({
  text: parts
    .flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : []))
    .join(''),
  calls: parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [plain({ id: part.id, name: fullName(part.name, part.namespace), input: part.input })]
      : [],
  ),
})

/** The states of models in the order in which they stand, byte for byte. */
export const statesOf = (parts: readonly Part[]): readonly string[] =>
  parts.flatMap(({ state }) => state?.value ?? [])

/** Blocks of one provider alone, and what ran there: they stay behind, and so may the states that belong to them. */
export const isSayable = ({ type }: Part): boolean =>
  type === 'text' || type === 'refusal' || type === 'reasoning' || type === 'tool-call'
