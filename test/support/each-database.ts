import { afterAll, setDefaultTimeout } from 'bun:test'
import { type Database, openDatabase } from '../../src/storage/index.ts'
import { describeDatabases } from './databases.ts'

/** Opens a new, empty, migrated database; closed when the suite ends. */
export type OpenDatabase = () => Promise<Database>

/** `describeDatabases` for a suite that wants open databases instead of URLs. */
export const onEachDatabase = (title: string, suite: (open: OpenDatabase) => void): void =>
  describeDatabases(title, ({ createUrl }) => {
    // Making a PostgreSQL database takes a second or more where the machine is busy.
    setDefaultTimeout(30_000)
    const opened: Database[] = []
    afterAll(async () => {
      await Promise.all(opened.map((database) => database.close()))
    })
    suite(async () => {
      const database = await openDatabase(await createUrl())
      opened.push(database)
      return database
    })
  })
