/**
 * Cuts off a trailing high surrogate: some servers split a character over two deltas, and half of one must not reach
 * an encoder alone.
 */
export const splitSurrogate = (text: string): readonly [said: string, held: string] => {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? [text.slice(0, -1), text.slice(-1)] : [text, '']
}
