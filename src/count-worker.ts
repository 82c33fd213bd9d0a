/**
 * Entry of the Worker that counts the tokens of sampled calls: opening an alphabet takes half a second, which no stream
 * shall wait for. `start-count-worker.ts` starts it. Being an entry, it works when it is loaded.
 */
import { type AnsweredCall, compareCall } from './stages/count-tokens/index.ts'
import { serveStores } from './storage/index.ts'
import { createTokenCounter } from './translation/index.ts'

// The Worker's global scope; the DOM types describe a window instead.
declare const self: Worker

// It learns from no provider: who reports too much must not teach the ruler.
const counter = createTokenCounter()

serveStores(self, { calls: { compare: (call: AnsweredCall) => compareCall(counter, call) } })
