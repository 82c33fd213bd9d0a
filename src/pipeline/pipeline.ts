import type { Handler, Stage } from './stage.ts'

/** A list of stages under construction: `Base` is what runs it, `Context` what the next stage may rely on. */
export interface Pipeline<Base, Context> {
  use<Adds extends object>(stage: Stage<Context, Adds>): Pipeline<Base, Context & Adds>
  handle(handler: Handler<Context>): Handler<Base>
}

interface Staged {
  stage: string
}

/** Starts an empty list. Stages run in the order of `use`; each wraps all that follow. */
export const pipeline = <Base extends Staged>(): Pipeline<Base, Base> => extend((inner) => inner)

/** The exchange is one object that stages add to, so nothing is copied on the way in. */
const extend = <Base, Context extends Staged>(
  around: (inner: Handler<Context>) => Handler<Base>,
): Pipeline<Base, Context> => ({
  use: (stage) =>
    extend((inner) =>
      around((exchange) => {
        exchange.stage = stage.name
        return stage.run(exchange, (added) => inner(Object.assign(exchange, added)))
      }),
    ),
  handle: around,
})
