import type { JsonObject } from '../../ir/index.ts'
import {
  amount,
  flag,
  listOf,
  objectSchema,
  oneOf,
  type PublishedFunction,
  text,
  whole,
} from './published-schemas.ts'

/**
 * Input schemas of Anthropic's tools that run at the client, as https://platform.claude.com/docs/en/agents-and-tools
 * publishes them (November 2026). Claude knows them by heart; other models have to be told.
 */
export const bash: PublishedFunction = {
  name: 'bash',
  description: 'Run commands in a bash shell. The session persists between calls.',
  parameters: objectSchema({
    'command?': text('The bash command to run. Required unless the tool is being restarted.'),
    'restart?': flag('Set to true to restart this tool. Otherwise, leave this unspecified.'),
  }),
}

/** @param canUndo older versions can take their last edit back */
export const textEditor = (name: string, canUndo: boolean): PublishedFunction => ({
  name,
  description: 'View, create and edit text files.',
  parameters: objectSchema({
    command: oneOf(['view', 'create', 'str_replace', 'insert', ...(canUndo ? ['undo_edit'] : [])]),
    path: text('Absolute path to a file or directory.'),
    'file_text?': text('Required by `create`: the content of the file.'),
    'old_str?': text('Required by `str_replace`: the text to replace. It must occur exactly once.'),
    'new_str?': text('The new text of `str_replace`, or the text that `insert` inserts in older versions.'),
    'insert_line?': whole('Required by `insert`: the line after which to insert, 0 for the beginning.'),
    'insert_text?': text('Required by `insert`: the text to insert.'),
    'view_range?': listOf(
      { type: 'integer' },
      'Of `view`: first and last line to show, from 1; -1 for the end of the file.',
    ),
  }),
})

export const memory: PublishedFunction = {
  name: 'memory',
  description: 'Read and write files below /memories, which last between conversations.',
  parameters: objectSchema({
    command: oneOf(['view', 'create', 'str_replace', 'insert', 'delete', 'rename']),
    'path?': text('Path of the file or directory, below /memories. Not for `rename`.'),
    'file_text?': text('Required by `create`: the content of the file.'),
    'old_str?': text('Required by `str_replace`: the text to replace.'),
    'new_str?': text('Required by `str_replace`: the new text.'),
    'insert_line?': whole('Required by `insert`: the line after which to insert.'),
    'insert_text?': text('Required by `insert`: the text to insert.'),
    'old_path?': text('Required by `rename`.'),
    'new_path?': text('Required by `rename`.'),
    'view_range?': listOf({ type: 'integer' }, 'Of `view`: first and last line to show.'),
  }),
}

/** Actions by the version in which they came. */
const actions: readonly (readonly [since: string, names: readonly string[]])[] = [
  [
    '20241022',
    [
      'key',
      'type',
      'mouse_move',
      'left_click',
      'left_click_drag',
      'right_click',
      'middle_click',
      'double_click',
      'screenshot',
      'cursor_position',
    ],
  ],
  ['20250124', ['left_mouse_down', 'left_mouse_up', 'scroll', 'hold_key', 'wait', 'triple_click']],
  ['20251124', ['zoom']],
]

/** @param config of the definition: the size of the display is part of what the model is told */
export const computer = (version: string, config: JsonObject): PublishedFunction => {
  const names = actions
    .filter(([since]) => since <= version && (since !== '20251124' || config['enable_zoom'] === true))
    .flatMap(([, list]) => list)
  return {
    name: 'computer',
    description: `Use a mouse and keyboard to interact with a computer, and take screenshots. The display is ${Number(config['display_width_px'])}x${Number(config['display_height_px'])} pixels.`,
    parameters: objectSchema({
      action: oneOf(names),
      'coordinate?': listOf({ type: 'integer' }, '(x, y) in pixels from the top left corner.'),
      'text?': text('Text to type, or key to press or hold.'),
      'start_coordinate?': listOf({ type: 'integer' }, 'Of `left_click_drag`: where it begins.'),
      ...(names.includes('scroll')
        ? {
            'scroll_direction?': oneOf(['up', 'down', 'left', 'right']),
            'scroll_amount?': whole("Of `scroll`: number of 'clicks' of the wheel."),
            'duration?': amount('Of `hold_key` and `wait`: seconds.'),
          }
        : {}),
      ...(names.includes('zoom')
        ? { 'region?': listOf({ type: 'integer' }, 'Of `zoom`: (x0, y0, x1, y1).') }
        : {}),
    }),
  }
}
