/** A process that opens a database and writes one row: started several times at once by a test. */
import { openDatabase } from '../../src/storage/index.ts'

const [, , url = '', name = ''] = process.argv
const database = await openDatabase(url)
await database.kysely
  .insertInto('instances')
  .values({ instance: name, started_at: 1, lease_until: 2, open_since: 3 })
  .execute()
await database.close()
