import { resolve } from 'node:path'
import { isConfigError } from '../config/index.ts'
import type { Settings } from '../settings.ts'
import type { CliContext } from './cli-context.ts'
import { type PlaceOptions, placeFlags } from './start-flags.ts'

/**
 * The data folder, and the settings where they are valid. A server must be found also when its file was broken since;
 * that takes a data folder that is named by flag or variable, which count above the file. Throws `config_invalid`.
 */
export const findDataFolder = (
  context: CliContext,
  options: PlaceOptions,
): { readonly dataDir: string; readonly settings: Settings | undefined } => {
  try {
    const { settings } = context.actions.load(placeFlags(options))
    return { dataDir: settings.data_dir, settings }
  } catch (error) {
    const named = options.dataDir ?? context.env['TGW_DATA_DIR'] ?? ''
    if (!isConfigError(error) || named === '') throw error
    return {
      dataDir: resolve(
        context.cwd,
        named.replace(/^~(?=$|[/\\])/, () => context.home),
      ),
      settings: undefined,
    }
  }
}
