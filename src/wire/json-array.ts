import type { Machine } from './machine.ts'
import type { SseFrame } from './sse.ts'

/**
 * Cuts a streamed JSON array (Gemini without `alt=sse`) into pieces that end behind an element; all pieces joined are
 * the input. The piece of the closing bracket holds no element.
 * @param maxBytes bound of one element
 */
export const jsonArraySplitter = (maxBytes = 64 * 1024 * 1024): Machine<Uint8Array, Uint8Array> => {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let depth = 0
  let inString = false
  let escaped = false
  return {
    push(chunk) {
      const pieces: Uint8Array[] = []
      let start = 0
      for (let position = 0; position < chunk.length; position++) {
        const code = chunk[position]
        if (inString) {
          if (escaped) escaped = false
          else if (code === 0x5c) escaped = true
          else if (code === 0x22) inString = false
          continue
        }
        if (code === 0x22) inString = true
        else if (code === 0x7b || code === 0x5b) depth++
        else if (code === 0x7d || code === 0x5d) {
          depth--
          // Depth 1 is inside the outer array, 0 is behind it.
          if (depth > 1) continue
          held.push(chunk.subarray(start, position + 1))
          pieces.push(held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held))
          held = []
          heldBytes = 0
          start = position + 1
        }
      }
      if (start < chunk.length) {
        held.push(start === 0 ? chunk : chunk.subarray(start))
        heldBytes += chunk.length - start
        if (heldBytes > maxBytes) throw new RangeError(`an element is larger than ${maxBytes} bytes`)
      }
      return pieces
    },
    end() {
      const rest = Buffer.concat(held)
      held = []
      heldBytes = 0
      return rest.length === 0 ? [] : [rest]
    },
  }
}

/** The element inside a piece of `jsonArraySplitter`, or undefined for brackets and white space alone. */
export const parseElement = (piece: Uint8Array): SseFrame | undefined => {
  const data = new TextDecoder().decode(piece).replace(/^[\s,[]+/, '')
  return data === '' || data.startsWith(']') ? undefined : { data }
}
