import { waitFor } from '../support/gateway.ts'
import { startStreams } from '../support/streams-in-flight.ts'

/** Prints how many of so many streams came to their proper end over a reload and a hand-over. */
const count = Number(process.argv[2])
const streams = await startStreams()
await streams.open(count)
await streams.reload()
const before = streams.gateway.log().split('"serving"').length
streams.gateway.supervisor.kill('SIGUSR2')
await waitFor(() => (streams.gateway.log().split('"serving"').length > before ? true : undefined), 30_000)
await Bun.sleep(3000)
console.log(await streams.finish())
await streams.stop()
process.exit(0)
