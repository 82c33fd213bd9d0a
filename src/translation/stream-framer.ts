import { formatFrame, type SseFrame } from '../wire/index.ts'

/** How a client's frames are written. */
export interface StreamFramer {
  /** A frame went out that somebody else has written. */
  passed(): void
  frame(frame: SseFrame): string
  /** Behind the last frame. */
  end(): string
}

export const sseFramer = (): StreamFramer => ({ passed: () => undefined, frame: formatFrame, end: () => '' })

/** Gemini without `alt=sse`: one JSON array, an element per event. */
export const arrayFramer = (): StreamFramer => {
  let isOpen = false
  return {
    passed() {
      isOpen = true
    },
    frame({ data }) {
      const text = `${isOpen ? ',\r\n' : '['}${data}`
      isOpen = true
      return text
    },
    end: () => (isOpen ? ']' : '[]'),
  }
}
