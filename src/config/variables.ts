/** One environment variable with a name of its own; all others are `TGW_SECTION__KEY`. */
export interface Variable {
  readonly name: string
  /** Dotted paths that it sets; none for what steers the start itself. */
  readonly sets: readonly string[]
  readonly meaning: string
}

export const variables: readonly Variable[] = [
  { name: 'TGW_CONFIG', sets: [], meaning: 'The configuration file, as `--config`.' },
  {
    name: 'TGW_PROFILE',
    sets: [],
    meaning: 'The profile, `dev`, `test` or `live`: `tollgate.<profile>.yaml` is laid over the file.',
  },
  { name: 'TGW_ROLE', sets: [], meaning: 'Set by the supervisor for the processes that it starts.' },
  { name: 'TGW_DATA_DIR', sets: ['data_dir'], meaning: 'The data folder.' },
  { name: 'TGW_HOST', sets: ['listen.host'], meaning: 'The address to listen on.' },
  {
    name: 'TGW_PORT',
    sets: ['listen.port', 'listen.ports.facade'],
    meaning: 'The port to listen on; with several ports, that of the facade.',
  },
  { name: 'TGW_DATABASE_URL', sets: ['database.url'], meaning: 'The database.' },
  { name: 'TGW_REDIS_URL', sets: ['redis.url'], meaning: 'The Redis that gateways share.' },
  { name: 'TGW_MASTER_KEY', sets: ['secrets.master_key'], meaning: 'The master key.' },
  {
    name: 'TGW_NEXT_MASTER_KEY',
    sets: ['secrets.next_master_key'],
    meaning: 'The master key to come, while `tgw vault rotate` exchanges it.',
  },
  {
    name: 'TGW_ADMIN_TOKEN',
    sets: ['secrets.admin_token'],
    meaning: 'The admin token of a new installation.',
  },
  {
    name: 'TGW_BOOTSTRAP_KEY',
    sets: ['secrets.bootstrap_key'],
    meaning: 'The first virtual key of a new installation.',
  },
  { name: 'TGW_LOG_LEVEL', sets: ['telemetry.log.level'], meaning: 'The log level.' },
]

export const profiles = ['dev', 'test', 'live'] as const
