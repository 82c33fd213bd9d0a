import type { Citation } from '../../ir/index.ts'
import { clamped, codePoints, encodeAnnotation } from './citations.ts'

type Annotation = NonNullable<ReturnType<typeof encodeAnnotation>>

interface Place {
  readonly start: number
  length: number
}

/** Where the text parts of a streamed choice lie in its message, for citations that count from the message's start. */
export class AnswerText {
  readonly #parts = new Map<number, Place>()
  readonly #citations: { readonly index: number; readonly citation: Citation }[] = []
  #total = 0
  #last: number | undefined

  /** Was anything said? */
  get isEmpty(): boolean {
    return this.#total === 0
  }

  open(index: number): void {
    this.#parts.set(index, { start: this.#total, length: 0 })
    this.#last = index
  }

  add(index: number, text: string): void {
    const part = this.#parts.get(index)
    if (part === undefined) return
    const length = codePoints(text)
    part.length += length
    this.#total += length
  }

  /** The last text part, where citations without one belong. */
  get last(): { readonly index: number; readonly start: number; readonly length: number } | undefined {
    const part = this.#last === undefined ? undefined : this.#parts.get(this.#last)
    return part === undefined || this.#last === undefined ? undefined : { index: this.#last, ...part }
  }

  /** A citation as the wire says it now; undefined when it cannot. */
  annotation(index: number, citation: Citation): Annotation | undefined {
    return encodeAnnotation(citation, this.#parts.get(index) ?? { start: 0, length: 0 })
  }

  /** Notes a citation. Its text may still grow, so its place is counted at the end. */
  cite(index: number, citation: Citation): void {
    this.#citations.push({ index, citation })
  }

  /** Everything that was noted, part by part as a whole answer has it. */
  annotations(): readonly Annotation[] {
    const inOrder = [...this.#citations].sort((a, b) => a.index - b.index)
    return inOrder.flatMap(({ index, citation }) => {
      const length = this.#parts.get(index)?.length ?? 0
      // What says nothing shows no source either.
      const annotation = length === 0 ? undefined : this.annotation(index, clamped(citation, length))
      return annotation === undefined ? [] : [annotation]
    })
  }
}
