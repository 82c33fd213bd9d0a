import {
  amount,
  listOf,
  objectSchema,
  oneOf,
  type PublishedFunction,
  text,
  whole,
} from './published-schemas.ts'

const point = listOf({ type: 'integer' }, '(x, y): x pixels from the left edge, y pixels from the top edge.')
const held = text(
  'Optional key combination to hold down during this action (e.g. "ctrl", "shift", "ctrl+shift").',
)

const click = (name: string, what: string): PublishedFunction => ({
  name,
  description: `${what} at the specified (x, y) pixel coordinate, or the current cursor position if \`coordinate\` is omitted.`,
  parameters: objectSchema({ 'coordinate?': point, 'text?': held }),
})

const plain = (name: string, description: string, members = {}): PublishedFunction => ({
  name,
  description,
  parameters: objectSchema(members),
})

/** Members of `computer_toolset_20260801`, as the types of @anthropic-ai/sdk 1.11 describe them. */
export const computerToolset: readonly PublishedFunction[] = [
  plain(
    'key',
    'Press a key or key-combination on the keyboard. Use "+" to combine modifiers with a key (e.g. "ctrl+s", "alt+Tab", "ctrl+shift+Escape"). Key names are case-insensitive.',
    {
      text: text('The key or key-combination to press.'),
      'repeat?': whole('Number of times to repeat the key press. Default is 1.'),
    },
  ),
  plain(
    'hold_key',
    'Hold down a key or key-combination for a specified duration. Uses the same key syntax as `key`.',
    {
      duration: amount('Duration to hold the key, in seconds.'),
      text: text('The key or key-combination to hold.'),
    },
  ),
  plain('type', 'Type a string of text on the keyboard.', { text: text('The text to type.') }),
  plain('cursor_position', 'Get the current (x, y) pixel coordinate of the cursor.'),
  plain(
    'mouse_move',
    'Move the cursor to a specified (x, y) pixel coordinate. Use this ONLY to hover without clicking; otherwise use a click action directly.',
    { coordinate: point },
  ),
  plain('left_mouse_down', 'Press and hold the left mouse button at the current cursor position.'),
  plain('left_mouse_up', 'Release the left mouse button.'),
  click('left_click', 'Click the left mouse button'),
  plain('left_click_drag', 'Click and drag the cursor from `start_coordinate` to `coordinate`.', {
    coordinate: point,
    start_coordinate: point,
    'text?': held,
  }),
  click('right_click', 'Click the right mouse button'),
  click('middle_click', 'Click the middle mouse button'),
  click('double_click', 'Double-click the left mouse button'),
  click('triple_click', 'Triple-click the left mouse button'),
  plain(
    'scroll',
    'Scroll the screen at the specified (x, y) pixel coordinate, or the current cursor position if `coordinate` is omitted. Do NOT use PageUp/PageDown to scroll.',
    {
      scroll_amount: amount("Number of 'clicks' of the scroll wheel."),
      scroll_direction: oneOf(['up', 'down', 'left', 'right']),
      'coordinate?': point,
      'text?': held,
    },
  ),
  plain('wait', 'Wait for a specified duration.', { duration: amount('Duration to wait, in seconds.') }),
  plain('screenshot', 'Take a screenshot of the screen.'),
  plain(
    'zoom',
    'Take a screenshot of a rectangular region. Region coordinates are in the full-screenshot space (not physical display pixels). The crop is scaled up to fill the image budget so fine details become legible.',
    { region: listOf({ type: 'integer' }, '(x0, y0, x1, y1): The region to capture.') },
  ),
]
