/** How a client wants its stream: Gemini's without `alt=sse` want one JSON array. */
export type StreamFraming = 'sse' | 'json-array'

export const streamHeaders = (framing: StreamFraming): Readonly<Record<string, string>> =>
  framing === 'json-array'
    ? { 'content-type': 'application/json; charset=UTF-8' }
    : { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
