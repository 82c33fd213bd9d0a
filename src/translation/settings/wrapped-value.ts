import { isJsonObject, type JsonText, type StreamEvent } from '../../ir/index.ts'
import { type Machine, parseDocument } from '../../wire/index.ts'

/** A schema of anything, as a property of an object, where the root must be one (translation.md §6.1, SO3). */
export const wrapSchema = (schema: JsonText): JsonText =>
  `{"type":"object","properties":{"value":${schema}},"required":["value"],"additionalProperties":false}`

/** Is the root of a schema an object? */
export const isObjectSchema = (schema: JsonText): boolean => {
  const value: unknown = JSON.parse(schema)
  return isJsonObject(value) && (value['type'] === 'object' || value['properties'] !== undefined)
}

/**
 * Takes the value out of the object that the model wrote around it. Text is held back until its part ends, for the
 * first character cannot be told before. What is no such object passes as it is.
 * @param asText the value of an enum is its text, and that of anything else its JSON
 */
export const unwrapValue = (asText: boolean): Machine<StreamEvent, StreamEvent> => {
  const texts = new Map<string, { text: string; readonly place: Place }>()
  const release = (key: string): StreamEvent[] => {
    const held = texts.get(key)
    texts.delete(key)
    if (held === undefined || held.text === '') return []
    return [{ type: 'text-delta', ...held.place, text: valueIn(held.text, asText) }]
  }
  const releaseAll = (): StreamEvent[] => [...texts.keys()].flatMap(release)
  return {
    push(event) {
      switch (event.type) {
        case 'text-start':
          texts.set(keyOf(event), { text: '', place: placeOf(event) })
          return [event]
        case 'text-delta': {
          const held = texts.get(keyOf(event))
          if (held === undefined) return [event]
          held.text += event.text
          return []
        }
        case 'text-end':
          return [...release(keyOf(event)), event]
        case 'finish':
        case 'error':
        case 'end':
          return [...releaseAll(), event]
        default:
          return [event]
      }
    },
    end: releaseAll,
  }
}

interface Place {
  readonly choice?: number
  readonly index: number
}

const keyOf = ({ choice, index }: Place): string => `${choice ?? 0}:${index}`

const placeOf = ({ choice, index }: Place): Place => (choice === undefined ? { index } : { choice, index })

const valueIn = (text: string, asText: boolean): string => {
  try {
    const document = parseDocument(text)
    if (!isJsonObject(document.value) || !Object.hasOwn(document.value, 'value')) return text
    const { value } = document.value
    return asText && typeof value === 'string' ? value : document.source(value)
  } catch {
    // Cut off, or words instead of JSON: it is what the model wrote.
    return text
  }
}
