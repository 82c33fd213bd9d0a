/** A pure, synchronous step of a stream. Async lives only at the edges; one loop runs all machines. */
export interface Machine<In, Out> {
  push(input: In): readonly Out[]
  /** The input is over; returns what was held back. */
  end(): readonly Out[]
}
