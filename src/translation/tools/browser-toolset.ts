import {
  amount,
  listOf,
  objectSchema,
  oneOf,
  type PublishedFunction,
  text,
  whole,
} from './published-schemas.ts'

const coordinate = objectSchema({
  type: { const: 'coordinate' },
  x: amount('Pixels from the left edge of the viewport.'),
  y: amount('Pixels from the top edge of the viewport.'),
})
const element = objectSchema({
  type: { const: 'ref' },
  ref: text('An element reference (e.g. "ref_7") returned by a prior `read_page` or `find` result.'),
})
const target = {
  anyOf: [coordinate, element],
  description: 'Where to act: either a viewport coordinate or an element reference.',
}
const tab = { 'tab_id?': text('Tab to act on. Defaults to the active tab when omitted.') }
const modifiers = {
  'modifiers?': text('Optional modifier key chord to hold for the duration of this action (e.g. "shift").'),
}

const member = (
  name: string,
  description: string,
  members: Record<string, object> = {},
): PublishedFunction => ({
  name,
  description,
  parameters: objectSchema(members),
})

const click = (name: string, what: string): PublishedFunction =>
  member(name, `${what} at a viewport coordinate or on an element by reference.`, {
    target,
    ...modifiers,
    ...tab,
  })

/**
 * Members of `browser_toolset_20260801` that are on unless the client says otherwise, as the types of
 * @anthropic-ai/sdk 1.11 describe them.
 */
const usual: readonly PublishedFunction[] = [
  member('navigate', 'Navigate to a URL, or go back/forward/reload in history.', {
    url: text('The URL to navigate to, or "back" / "forward" / "reload" for history navigation.'),
    ...tab,
  }),
  member('list_tabs', "List all open tabs with each tab's tab_id, title, and URL."),
  member('new_tab', 'Open a new empty tab and return its tab_id.'),
  member('switch_tab', 'Make the tab with the given tab_id the active tab.', { tab_id: text() }),
  member('close_tab', 'Close the tab with the given tab_id.', { tab_id: text('The tab to close.') }),
  member(
    'read_page',
    'Return a structured accessibility tree of the page, with element references like [ref_7].',
    {
      'depth?': whole('Maximum tree depth. Default 15.'),
      'filter?': oneOf(['all', 'interactive'], 'Which elements to include. Omitted: every visible element.'),
      'ref?': text('Element reference to read a subtree from. Omit to read from the page root.'),
      ...tab,
    },
  ),
  member('get_page_text', "Return the page's visible text content as plain text.", tab),
  member('read_console', 'Return console output accumulated since the last read, one line per entry.', tab),
  member(
    'read_network',
    'Return the network requests recorded since the last read, one line per entry.',
    tab,
  ),
  member('find', 'Find elements matching a natural-language description and return element references.', {
    query: text('Natural-language description of the element(s) to find.'),
    ...tab,
  }),
  member('form_input', 'Set the value of a form element (input, textarea, select, checkbox).', {
    target: element,
    value: { type: ['string', 'number', 'boolean'], description: 'The value to set.' },
    ...tab,
  }),
  member('scroll_to', 'Scroll an element into view.', { target: element, ...tab }),
  member('screenshot', 'Capture the current browser viewport.', tab),
  member(
    'zoom',
    'Return a cropped screenshot of the given viewport region, scaled up for closer inspection.',
    {
      region: listOf({ type: 'number' }, '[x0, y0, x1, y1] in viewport pixels.'),
      ...tab,
    },
  ),
  click('left_click', 'Left-click'),
  click('right_click', 'Right-click'),
  click('middle_click', 'Middle-click'),
  click('double_click', 'Double left-click'),
  click('triple_click', 'Triple left-click'),
  member('hover', 'Move the cursor to a coordinate or element without clicking.', { target, ...tab }),
  member('left_click_drag', 'Press at `from`, drag to `target`, release. Both must be coordinate targets.', {
    from: coordinate,
    target: coordinate,
    ...tab,
  }),
  member('left_mouse_down', 'Press and hold the left mouse button at a viewport coordinate.', {
    target: coordinate,
    ...tab,
  }),
  member('left_mouse_up', 'Release the left mouse button at a viewport coordinate.', {
    target: coordinate,
    ...tab,
  }),
  member('mouse_move', 'Move the pointer to a viewport coordinate without clicking.', {
    target: coordinate,
    ...tab,
  }),
  member('scroll', 'Scroll at a viewport position. `target` must be a coordinate target.', {
    scroll_direction: oneOf(['up', 'down', 'left', 'right']),
    target: coordinate,
    'scroll_amount?': amount('Scroll-wheel notches (1–10). Default 3.'),
    ...tab,
  }),
  member('type', 'Type a literal string at the current focus.', { text: text('The text to type.'), ...tab }),
  member(
    'key',
    'Press a key or key chord. Use "+" to combine modifiers with a key and space to sequence presses.',
    {
      text: text('The key, chord, or space-separated sequence to press.'),
      'repeat?': whole('Number of times to repeat. Default 1.'),
      ...tab,
    },
  ),
  member('hold_key', 'Hold a key or key chord down for a duration, then release it.', {
    duration: amount('Seconds to hold the key down (maximum 30).'),
    text: text('The key or chord to hold.'),
    ...tab,
  }),
  member('wait', 'Pause for the given duration.', {
    duration: amount('Seconds to wait (maximum 30).'),
    ...tab,
  }),
]

/** Members that reach beyond looking and clicking: offered only where the client switches them on itself. */
const onRequest: readonly PublishedFunction[] = [
  member('file_upload', 'Set the value of a file-input element to one or more files.', {
    target: element,
    'document_ids?': listOf(text(), 'References to files the harness has staged.'),
    'paths?': listOf(text(), "File paths on the browser executor's filesystem."),
    ...tab,
  }),
  member(
    'javascript_exec',
    'Execute JavaScript in the page context and return the value of the last expression.',
    {
      text: text('JavaScript to execute in the page context.'),
      ...tab,
    },
  ),
]

export const browserToolset = { usual, onRequest }
