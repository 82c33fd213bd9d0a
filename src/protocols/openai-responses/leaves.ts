import { type Leaf, lazyLeaf } from '../../ir/index.ts'
import type { Span } from '../../wire/index.ts'
import type { TextsRequest } from '../protocol.ts'
import { decodeString, elementsAt, kindAt, type MemberSpan, membersAt } from './json-walk.ts'
import { asides, isNoText, notText, schemaKeywords, settings, toolSettings } from './leaf-keys.ts'

/** What the strings inside a value are. */
interface Voice {
  readonly role: Leaf['role']
  readonly kind: Leaf['kind']
}

/**
 * Every text of a request with its place. What is text is decided by exclusion: any string inside the input, the
 * instructions, the prompt's variables and the tools is a leaf, but for the members that `leaf-keys.ts` lists, so that
 * an item of tomorrow hides nothing.
 */
export const leaves = ({ body, scan }: TextsRequest): readonly Leaf[] => {
  const text = scan?.text ?? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  return new LeafCollector(text).request(text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0)
}

const system: Voice = { role: 'system', kind: 'text' }
const description: Voice = { role: 'system', kind: 'description' }

/** Of tools; a custom tool's `format` holds a grammar. */
const schemas: ReadonlySet<string> = new Set(['parameters', 'output_schema', 'input_schema', 'format'])

class LeafCollector {
  readonly #text: string
  readonly #found: Leaf[] = []
  readonly #ids = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
  }

  request(start: number): readonly Leaf[] {
    const root = start + (/^\s*/.exec(this.#text.slice(start, start + 100))?.[0].length ?? 0)
    for (const member of membersAt(this.#text, root)) {
      const { key } = member
      if (key === 'input' || key === 'items') this.#input(member, key)
      else if (key === 'instructions') this.#walk(member, key, system)
      else if (key === 'tools') this.#tools(member, key)
      else if (key === 'text') this.#schema(member, key)
      else if (key === 'prompt') this.#prompt(member)
      else if (asides.has(key)) this.#walk(member, key, { role: 'system', kind: 'title' })
      else if (!settings.has(key)) this.#walk(member, key, { role: 'user', kind: 'text' })
    }
    return this.#found
  }

  #input(span: Span, path: string): void {
    if (kindAt(this.#text, span.start) === 'string') {
      this.#add(span, path, { role: 'user', kind: 'text' })
      return
    }
    elementsAt(this.#text, span.start).forEach((item, index) => {
      this.#item(item, `${path}[${index}]`)
    })
  }

  #item(span: Span, path: string): void {
    if (kindAt(this.#text, span.start) === 'string') {
      this.#add(span, path, { role: 'user', kind: 'text' })
      return
    }
    const members = membersAt(this.#text, span.start)
    const type = this.#string(members, 'type') ?? 'message'
    const voice = voiceOf(type, this.#string(members, 'role'))
    for (const member of members) {
      const at = `${path}.${member.key}`
      if (member.key === 'tools') this.#tools(member, at)
      else if (notText.has(member.key) || isNoText(type, member.key)) continue
      else if (member.key === 'arguments' && kindAt(this.#text, member.start) === 'object') {
        this.#add(member, at, { role: 'assistant', kind: 'tool-input' }, true)
      } else this.#walk(member, at, memberVoice(type, member.key, voice))
    }
  }

  /** All strings inside a value. */
  #walk(span: Span, path: string, voice: Voice): void {
    switch (kindAt(this.#text, span.start)) {
      case 'string':
        this.#add(span, path, voice)
        return
      case 'array':
        elementsAt(this.#text, span.start).forEach((element, index) => {
          this.#walk(element, `${path}[${index}]`, voice)
        })
        return
      case 'object': {
        const members = membersAt(this.#text, span.start)
        const type = this.#string(members, 'type') ?? ''
        for (const member of members) {
          if (notText.has(member.key) || isNoText(type, member.key)) continue
          this.#walk(member, `${path}.${member.key}`, memberVoice(type, member.key, voice))
        }
        return
      }
      default:
        return
    }
  }

  #tools(span: Span, path: string): void {
    elementsAt(this.#text, span.start).forEach((tool, index) => {
      const at = `${path}[${index}]`
      for (const member of membersAt(this.#text, tool.start)) {
        const { key } = member
        if (key === 'tools') this.#tools(member, `${at}.${key}`)
        else if (schemas.has(key)) this.#schema(member, `${at}.${key}`)
        else if (!toolSettings.has(key)) this.#walk(member, `${at}.${key}`, description)
      }
    })
  }

  /** Descriptions, titles, and the values that a schema allows. */
  #schema(span: Span, path: string): void {
    switch (kindAt(this.#text, span.start)) {
      case 'string':
        this.#add(span, path, description)
        return
      case 'array':
        elementsAt(this.#text, span.start).forEach((element, index) => {
          this.#schema(element, `${path}[${index}]`)
        })
        return
      case 'object':
        for (const member of membersAt(this.#text, span.start)) {
          // A property may be called `type`: then its value is a schema.
          const isKeyword = schemaKeywords.has(member.key) && kindAt(this.#text, member.start) !== 'object'
          if (!isKeyword) this.#schema(member, `${path}.${member.key}`)
        }
        return
      default:
        return
    }
  }

  /** A template of the provider's, and the texts that go into it. */
  #prompt(span: Span): void {
    for (const member of membersAt(this.#text, span.start)) {
      if (member.key !== 'variables') continue
      for (const variable of membersAt(this.#text, member.start)) {
        this.#walk(variable, `prompt.variables.${variable.key}`, { role: 'user', kind: 'text' })
      }
    }
  }

  #add(span: Span, path: string, voice: Voice, isJson = false): void {
    // Equal keys give the same path twice.
    const times = (this.#ids.get(path) ?? 0) + 1
    this.#ids.set(path, times)
    const { start, end } = span
    const source = this.#text.slice(start, end)
    const leaf = { id: times === 1 ? path : `${path}#${times}`, ...voice, start, end }
    this.#found.push(
      isJson
        ? { ...leaf, text: Buffer.from(source, 'latin1').toString('utf8'), json: true }
        : lazyLeaf(leaf, source, () => decodeString(this.#text, span)),
    )
  }

  #string(members: readonly MemberSpan[], key: string): string | undefined {
    const member = members.findLast((candidate) => candidate.key === key)
    return member !== undefined && kindAt(this.#text, member.start) === 'string'
      ? decodeString(this.#text, member)
      : undefined
  }
}

const voiceOf = (type: string, role: string | undefined): Voice => {
  if (type === 'message') {
    const isSystem = role === 'system' || role === 'developer'
    return { role: isSystem ? 'system' : role === 'assistant' ? 'assistant' : 'user', kind: 'text' }
  }
  if (type === 'reasoning') return { role: 'assistant', kind: 'reasoning' }
  if (type.endsWith('_output')) return { role: 'tool', kind: 'tool-output' }
  if (type.endsWith('_call') || type === 'program') return { role: 'assistant', kind: 'tool-input' }
  return { role: 'user', kind: 'text' }
}

const memberVoice = (type: string, key: string, voice: Voice): Voice => {
  // A hosted call holds what its tool answered as well.
  if (type.endsWith('_call') && outcomes.has(key)) return { role: 'tool', kind: 'tool-output' }
  if (key === 'filename' || key === 'title') return { ...voice, kind: 'title' }
  if (key === 'queries' || key === 'query') return { ...voice, kind: 'query' }
  return key === 'description' ? { ...voice, kind: 'description' } : voice
}

const outcomes: ReadonlySet<string> = new Set(['output', 'outputs', 'results', 'sources', 'error', 'logs'])
