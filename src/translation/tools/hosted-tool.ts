import type { JsonObject, ServerTool, ServerToolDefinition } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'

/** What becomes of a tool that runs at the provider. */
export type HostedTool =
  | {
      readonly type: 'mapped'
      readonly tools: readonly ServerToolDefinition[]
      /** Members of the request, in the target's own words, that say the rest of it. */
      readonly members?: JsonObject
      readonly losses: readonly HostedLoss[]
    }
  /** The target has no such tool; it may be left out, unless something in it protects. */
  | { readonly type: 'absent'; readonly reason: string; readonly protects: boolean }
  /** It must not be left out. */
  | { readonly type: 'refused'; readonly reason: string; readonly member?: string; readonly at?: string }

export interface HostedLoss {
  /** The member of the client's definition; absent: the tool as a whole is not quite the same. */
  readonly member?: string
  readonly reason: string
  /** Where the member stands, if not in the tool itself. */
  readonly at?: string
}

export const absent = (reason: string, protects = false): HostedTool => ({ type: 'absent', reason, protects })

/** @param at where the member stands, if not in the tool itself */
export const refused = (reason: string, member?: string, at?: string): HostedTool => ({
  type: 'refused',
  reason,
  ...(member === undefined ? {} : { member }),
  ...(at === undefined ? {} : { at }),
})

export const mapped = (
  tools: readonly ServerToolDefinition[],
  losses: readonly HostedLoss[] = [],
): HostedTool => ({ type: 'mapped', tools, losses })

/** A definition of the target's. */
export const definition = (
  tool: ServerTool,
  wireType: string,
  config: unknown,
  name?: string,
): ServerToolDefinition => ({
  type: 'server',
  tool,
  wireType,
  ...(name === undefined ? {} : { name }),
  config: writeJson(config),
})
