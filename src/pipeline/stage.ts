import type { Reply } from './reply.ts'

/**
 * One policy. It says what it needs of the exchange and what it adds; a wrong order does not compile.
 * `run` is a property on purpose: a method would be bivariant and let a wrong order through.
 */
export interface Stage<in Needs, Adds extends object = object> {
  readonly name: string
  readonly run: (exchange: Needs, next: (added: Adds) => Promise<Reply>) => Promise<Reply>
}

export type Handler<in Context> = (exchange: Context) => Promise<Reply>
