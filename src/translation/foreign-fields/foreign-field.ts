import type { GenerateRequest, JsonValue, ProtocolId } from '../../ir/index.ts'

/** What becomes of a field that no other protocol can say: nothing is told, a warning is, or the request is refused. */
export type ForeignFieldPolicy = 'silent' | 'warn' | 'refuse'

export type ForeignFieldLevel = 'request' | 'turn' | 'part' | 'tool' | 'tool choice' | 'output' | 'reasoning'

/** One row of the table in docs/translation.md. */
export interface ForeignField {
  readonly protocol: ProtocolId
  readonly level: ForeignFieldLevel
  /** The wire's name; `a.b` is the member `b` of `a`. */
  readonly field: string
  /** `inside`: it is an object whose members have rows of their own. */
  readonly policy: ForeignFieldPolicy | 'inside'
  readonly reason: string
  /** The row of the translation matrix that it follows. */
  readonly row: string
  /** For people: when the policy is another one. */
  readonly unless?: string
  /** That exception. Undefined: the policy holds. */
  readonly judge?: (value: JsonValue, request: GenerateRequest) => ForeignFieldPolicy | undefined
}

type Row = readonly [
  field: string,
  policy: ForeignField['policy'],
  reason: string,
  row: string,
  unless?: string,
  judge?: ForeignField['judge'],
]

/** Rows of one protocol at one level. */
export const rowsOf = (
  protocol: ProtocolId,
  level: ForeignFieldLevel,
  rows: readonly Row[],
): readonly ForeignField[] =>
  rows.map(([field, policy, reason, row, unless, judge]) => ({
    protocol,
    level,
    field,
    policy,
    reason,
    row,
    ...(unless === undefined ? {} : { unless }),
    ...(judge === undefined ? {} : { judge }),
  }))
