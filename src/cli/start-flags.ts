import type { Command } from 'commander'
import type { StartFlags } from '../start-server.ts'

/** Where to find configuration and data; every command takes them. */
export interface PlaceOptions {
  readonly config?: string
  readonly dataDir?: string
}

export interface JsonOption {
  readonly json?: true
}

export const addPlaceOptions = (command: Command): Command =>
  command
    .option(
      '--config <file>',
      'configuration file (default: TGW_CONFIG, ./tollgate.yaml, <data dir>/tollgate.yaml)',
    )
    .option('--data-dir <folder>', 'data folder (default: TGW_DATA_DIR, data_dir of the file, ~/.tollgate)')

export const addJsonOption = (command: Command): Command =>
  command.option('--json', 'machine-readable output on standard output, and nothing else there')

/** Options as paths of settings. */
export const placeFlags = ({ config, dataDir }: PlaceOptions): StartFlags => ({
  ...(config === undefined ? {} : { config }),
  ...(dataDir === undefined ? {} : { data_dir: dataDir }),
})
