/**
 * Entry of a storage Worker: opens the database and serves the stores on it, so that no SQL and no fsync ever runs
 * on the thread that moves streams. `start-storage.ts` starts it. Being an entry, it works when it is loaded.
 */

import type { StorageSettings } from './start-storage.ts'
import { describeError, openDatabase, serveStores } from './storage/index.ts'
import { createStores } from './stores.ts'

// The Worker's global scope; the DOM types describe a window instead.
declare const self: Worker

const start = async (settings: StorageSettings) => {
  const database = await openDatabase(settings.url, settings)
  const stores = createStores(database, {
    ...(settings.commitDeadlineMs === undefined ? {} : { deadlineMs: settings.commitDeadlineMs }),
    ...(settings.fsyncDelayMs === undefined ? {} : { fsyncDelayMs: settings.fsyncDelayMs }),
    onProblem: (message, error) => self.postMessage(['problem', message, text(error)]),
  })
  serveStores(self, { ...stores })
  self.addEventListener('message', ({ data }) => {
    if (Array.isArray(data) && data[0] === 'stop') {
      database
        .close()
        .catch((error: unknown) => self.postMessage(['problem', 'the database does not close', text(error)]))
        .finally(() => self.postMessage(['stopped']))
    }
  })
}

const text = (error: unknown): string | null =>
  error === undefined ? null : error instanceof Error ? `${error.name}: ${error.message}` : String(error)

self.addEventListener(
  'message',
  ({ data }) => {
    start(data).then(
      () => self.postMessage(['ready']),
      (error: unknown) => self.postMessage(['refused', describeError(error)]),
    )
  },
  { once: true },
)
