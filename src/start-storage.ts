import { GatewayError } from './errors.ts'
import { type DatabaseOptions, remoteStores, restoreError } from './storage/index.ts'
import type { Stores } from './stores.ts'

export interface StorageSettings extends DatabaseOptions {
  /** `sqlite:/path/file.db`, `sqlite::memory:` or `postgres://…` */
  readonly url: string
  /** PostgreSQL: how long a commit of the ledger waits before the spool takes over, in milliseconds. */
  readonly commitDeadlineMs?: number
  /** Makes each commit this much slower, to measure with a slow disk. */
  readonly fsyncDelayMs?: number
}

export interface StorageListener {
  /** Told about each failure in the Worker that no call reports, for the log. */
  readonly onProblem?: (message: string, error: string | null) => void
  /** The Worker died. Every call fails from now on: end the process, so that it is started again. */
  readonly onDeath?: (error: Error) => void
}

export interface StorageWorker {
  readonly stores: Stores
  /** Lets calls that run finish, and closes the database. */
  readonly stop: () => Promise<void>
}

/** Starts a Worker with its own connection. Throws what opening the database throws. */
export const startStorageWorker = async (
  settings: StorageSettings,
  listener: StorageListener = {},
): Promise<StorageWorker> => {
  // This file and the Worker's lie in one folder: the expression then works from source and in a compiled binary,
  // where the Worker must be named as an entry of its own (`bun build --compile src/main.ts src/storage-worker.ts`).
  const worker = new Worker(new URL('./storage-worker.ts', import.meta.url))
  const ready = Promise.withResolvers<void>()
  const stopped = Promise.withResolvers<void>()
  const { stores, fail } = remoteStores<Stores>(worker)

  let stopping = false
  const die = (error: Error) => {
    if (stopping) return
    // A Worker that fails also ends: one death, told once.
    stopping = true
    ready.reject(error)
    stopped.resolve()
    fail(error)
    listener.onDeath?.(error)
  }
  worker.addEventListener('error', ({ message }) => {
    die(new GatewayError('gateway_storage_unavailable', `the storage worker failed: ${message}`))
  })
  worker.addEventListener('close', () => {
    die(new GatewayError('gateway_storage_unavailable', 'the storage worker ended'))
  })
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const [type, message, error] = Array.isArray(data) ? data : []
    if (type === 'ready') ready.resolve()
    if (type === 'stopped') stopped.resolve()
    if (type === 'refused') {
      stopping = true
      ready.reject(restoreError(message))
    }
    if (type === 'problem') listener.onProblem?.(String(message), error === null ? null : String(error))
  })

  worker.postMessage(settings)
  try {
    await ready.promise
  } catch (error) {
    worker.terminate()
    throw error
  }
  return {
    stores,
    stop: async () => {
      if (stopping) return
      stopping = true
      worker.postMessage(['stop'])
      await stopped.promise
      fail(new GatewayError('gateway_draining', 'the storage has stopped'))
      worker.terminate()
    },
  }
}

export interface Storage {
  /** Everything that writes, and the look-ups of the data plane. */
  readonly writer: Stores
  /** Reports: a slow one never delays a commit. Started when first asked for, since many servers never are. */
  readonly reader: () => Promise<Stores>
  readonly stop: () => Promise<void>
}

/** Starts the Workers of a server. A database in memory belongs to one connection, so there both are one. */
export const startStorage = async (
  settings: StorageSettings,
  listener?: StorageListener,
): Promise<Storage> => {
  const writer = await startStorageWorker(settings, listener)
  let reading: Promise<StorageWorker> | undefined
  const startReader = (): Promise<StorageWorker> => {
    const started = startStorageWorker({ ...settings, readOnly: true }, listener)
    // A database that is away now may be back for the next report.
    started.catch(() => {
      reading = undefined
    })
    return started
  }
  return {
    writer: writer.stores,
    reader: async () => {
      if (settings.url === 'sqlite::memory:') return writer.stores
      reading ??= startReader()
      return (await reading).stores
    },
    stop: async () => {
      const reader = await reading?.catch(() => undefined)
      await Promise.all([writer.stop(), reader?.stop()])
    },
  }
}
