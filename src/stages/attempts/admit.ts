import type { Credential } from '../../providers/index.ts'
import type { Target } from '../match/index.ts'
import type { AttemptsParts } from './attempt.ts'
import type { Call } from './circuit-breaker.ts'
import type { Run } from './run.ts'

export interface Admitted {
  readonly credential: Credential
  readonly call: Call
  /** Its circuit is open. */
  readonly isForced: boolean
}

/**
 * The next credential whose circuit lets a call through.
 * @param set ids of credentials that are left alone
 * @param anyway resting keys and open circuits do not count
 */
export const admit = (
  run: Run,
  target: Target,
  set: ReadonlySet<string>,
  anyway: boolean,
): Admitted | undefined => {
  const { circuits, reach } = run.parts.health
  const left = credentialsOf(run, target, anyway).filter(({ id }) => !set.has(id))
  for (const credential of left) {
    if (reach.isDown(target.provider.id, credential.id)) continue
    const call = circuits.of(upstreamName(target, credential)).admit()
    if (call !== undefined) return { credential, call, isForced: false }
  }
  const [first] = left
  if (!anyway || first === undefined) return undefined
  return { credential: first, call: circuits.of(upstreamName(target, first)).force(), isForced: true }
}

/** When the first of its circuits is to be tried again, in milliseconds since 1970. */
export const openUntil = (run: Run, target: Target): number =>
  Math.min(
    ...credentialsOf(run, target, true).map(
      (one) => run.parts.health.circuits.of(upstreamName(target, one)).openUntil,
    ),
  )

const credentialsOf = (run: Run, { provider, model }: Target, anyway: boolean): readonly Credential[] => {
  const { parts, exchange, last } = run
  const { pool } = parts
  const { sticky } = exchange
  if (sticky !== undefined) {
    const stuck = pool.byId(provider.id, sticky.credential)
    return stuck === undefined ? [] : [stuck]
  }
  if (anyway) return pool.anyway(provider.id, model)
  return pool.order(provider.id, model, last?.provider === provider.id ? last.credential : undefined)
}

/** What a circuit is kept for. */
const upstreamName = (target: Target, credential: Credential): string =>
  `${target.provider.id}/${target.model} ${credential.id}`

export const hasOther = (
  { pool }: AttemptsParts,
  { provider, model }: Target,
  set: ReadonlySet<string>,
  used: Credential,
): boolean => pool.order(provider.id, model).some((one) => one.id !== used.id && !set.has(one.id))
