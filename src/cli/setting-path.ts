import { InvalidArgumentError } from 'commander'
import { parsePath, type SettingPath } from '../config/index.ts'
import { errorText } from './output.ts'

/** A path that was typed. Throws a usage error. */
export const settingPath = (text: string): SettingPath => {
  try {
    return parsePath(text)
  } catch (error) {
    throw new InvalidArgumentError(errorText(error))
  }
}
