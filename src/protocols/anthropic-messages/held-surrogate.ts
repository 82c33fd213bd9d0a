/** Joins characters that a provider split over two deltas: half of one would not survive every client's decoder. */
export interface HeldSurrogate {
  /** What can be said of this slice and what was held back before it. */
  say(text: string): string
  /** A half that nothing followed. */
  rest(): string
}

export const heldSurrogate = (): HeldSurrogate => {
  let held = ''
  return {
    say(text) {
      if (text === '') return ''
      const whole = held === '' ? text : held + text
      const last = whole.charCodeAt(whole.length - 1)
      if (last < 0xd800 || last > 0xdbff) {
        held = ''
        return whole
      }
      held = whole.slice(-1)
      return whole.slice(0, -1)
    },
    rest() {
      const left = held === '' ? '' : '\ufffd'
      held = ''
      return left
    },
  }
}
