import type { Citation } from '../../ir/index.ts'
import { codePoints, encodeAnnotation } from './citations.ts'

type Annotation = NonNullable<ReturnType<typeof encodeAnnotation>>

/** Where the text parts of a streamed choice lie in its message, for citations that count from the message's start. */
export class AnswerText {
  readonly #parts = new Map<number, { readonly start: number; length: number }>()
  #total = 0
  #last: number | undefined
  #annotations: Annotation[] = []

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

  /** Notes a citation; returns it as the wire says it, undefined when it cannot. */
  cite(index: number, citation: Citation): Annotation | undefined {
    const place = this.#parts.get(index) ?? { start: 0, length: 0 }
    const annotation = encodeAnnotation(citation, place)
    if (annotation !== undefined) this.#annotations.push(annotation)
    return annotation
  }

  /** Everything cited since the last call. */
  takeAnnotations(): readonly Annotation[] {
    const annotations = this.#annotations
    this.#annotations = []
    return annotations
  }
}
