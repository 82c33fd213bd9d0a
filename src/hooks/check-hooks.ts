import type { CheckFinding, SettingPath } from '../config/index.ts'
import type { HooksSettings } from './settings.ts'

/** Rules within a hook: a webhook with its secret, or a program. */
export const checkHooks = (hooks: HooksSettings): readonly CheckFinding[] =>
  hooks.flatMap(({ url, secret, command }, index) => {
    const error = (message: string, ...more: SettingPath): readonly CheckFinding[] => [
      { level: 'error', path: ['hooks', index, ...more], message },
    ]
    if (url === undefined && command === undefined) return error('needs `url` or `command`')
    if (url !== undefined && command !== undefined) {
      return error('has `url` too: make two hooks of it', 'command')
    }
    if (url !== undefined && secret === undefined) {
      return error('needs `secret`: who gets the events must be able to tell that they are ours')
    }
    if (command !== undefined && secret !== undefined) {
      return error('has no effect on a program: remove it', 'secret')
    }
    return []
  })
