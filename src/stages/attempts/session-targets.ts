import type { AnsweredExchange } from './attempt.ts'

/** Where sessions were answered last: provider prompt caches and encrypted reasoning are good only there. */
export interface SessionTargets {
  find(session: string): SessionTarget | undefined
  remember(session: string, target: SessionTarget): void
}

export interface SessionTarget {
  readonly provider: string
  readonly model: string
  readonly credential: string
}

/** After so much silence no provider holds a prompt any more, in milliseconds. */
const lifetime = 3_600_000
const mostSessions = 50_000

export const createSessionTargets = (now: () => number): SessionTargets => {
  const sessions = new Map<string, SessionTarget & { readonly at: number }>()
  return {
    find(session) {
      const found = sessions.get(session)
      return found === undefined || now() - found.at > lifetime ? undefined : found
    },
    remember(session, { provider, model, credential }) {
      sessions.delete(session)
      if (sessions.size >= mostSessions) {
        for (const oldest of sessions.keys()) if (sessions.delete(oldest)) break
      }
      sessions.set(session, { provider, model, credential, at: now() })
    },
  }
}

/** Two keys that name their sessions alike do not share one, nor do a client's exchange and the gateway's copy of it. */
export const sessionName = ({ entry, identity }: AnsweredExchange): string | undefined =>
  entry.session === null ? undefined : `${identity.tenant.organisation}\n${identity.id}\n${entry.session}`
