import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import type { PartSink } from './candidate-writer.ts'
import type { EncodedPart } from './encode-parts.ts'
import { finishWord } from './finish.ts'

/** A chunk of Gemini's own, whose parts the events between its marks say: what was edited there comes back edited. */
export interface OwnChunk {
  sink(choice: number): PartSink
  /** @param template the chunk as it came, without its parts */
  fill(template: JsonObject): { readonly members: object; readonly isFinished: boolean }
}

interface ChunkPart {
  readonly index: number
  part: EncodedPart
}

export const ownChunk = (): OwnChunk => {
  const parts = new Map<number, ChunkPart[]>()
  return {
    sink(choice) {
      let list = parts.get(choice)
      if (list === undefined) {
        list = []
        parts.set(choice, list)
      }
      return chunkSink(list)
    },
    fill(template) {
      const list = template['candidates']
      if (!Array.isArray(list)) return { members: template, isFinished: isBlocked(template) }
      let isFinished = false
      const candidates = list.map((candidate: unknown, position) => {
        if (!isJsonObject(candidate)) return {}
        if (candidate['finishReason'] !== undefined) isFinished = true
        const choice = typeof candidate['index'] === 'number' ? candidate['index'] : position
        const content = candidate['content']
        const said = parts.get(choice)?.map(({ part }) => part) ?? []
        if (!isJsonObject(content) || !Array.isArray(content['parts'])) return candidate
        return { ...candidate, content: { ...content, parts: said } }
      })
      return { members: { ...template, candidates }, isFinished }
    },
  }
}

const chunkSink = (list: ChunkPart[]): PartSink => ({
  isVerbatim: true,
  emit(part, index) {
    list.push({ index, part })
  },
  text(text, index) {
    list.push({ index, part: { text } })
  },
  amend(members, index) {
    const last = list.at(-1)
    if (last?.index !== index) return false
    last.part = { ...last.part, ...members }
    return true
  },
})

const isBlocked = (template: JsonObject): boolean => {
  const feedback = template['promptFeedback']
  return isJsonObject(feedback) && finishWord(feedback['blockReason']) !== undefined
}
