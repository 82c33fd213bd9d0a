/**
 * Orders that must not compile. Nothing imports this file; the type checker reads it, and an expected error that does
 * not come is an error.
 */
import { pipeline } from './pipeline.ts'
import type { Reply } from './reply.ts'
import type { Stage } from './stage.ts'

interface Start {
  stage: string
}

declare const gives: Stage<Start, { readonly identity: string }>
declare const needs: Stage<Start & { readonly identity: string }, { readonly entry: number }>
declare const needsOther: Stage<Start & { readonly identity: number }, object>
declare const handler: (exchange: Start & { readonly entry: number }) => Promise<Reply>

export const right = pipeline<Start>().use(gives).use(needs).handle(handler)

// @ts-expect-error: what it needs comes later
export const tooEarly = pipeline<Start>().use(needs).use(gives)

// @ts-expect-error: nobody adds what the handler wants
export const missing = pipeline<Start>().use(gives).handle(handler)

// @ts-expect-error: the same name with another type
export const otherType = pipeline<Start>().use(gives).use(needsOther)

export const broken: Stage<Start, { readonly entry: number }> = {
  name: 'broken',
  // @ts-expect-error: promises an entry and adds none
  run: (_exchange, next) => next({}),
}
