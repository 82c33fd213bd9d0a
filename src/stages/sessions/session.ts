import type { GenerateRequest } from '../../ir/index.ts'
import type { Reply } from '../../pipeline/index.ts'
import type { AnswerDraft } from './answer-draft.ts'

/** What the gateway keeps around one exchange. */
export interface Session {
  /** What the client wrote and the request no longer says: answers echo it. */
  readonly echoed: Pick<GenerateRequest, 'previousResponseId' | 'conversation'>
  /** Watches the answer, where it is to be kept. */
  readonly draft: AnswerDraft | undefined
  /** The answer belongs to a conversation that is kept here. */
  readonly isTalk: boolean
  /** A place of the request, as the client counts it: what was put before its input is not the client's. */
  readonly clientPath: (path: string) => string
  /** The client does not want to wait: answers at once, and asks in the background. */
  readonly detach: ((asked: GenerateRequest) => Promise<Reply>) | undefined
}

/** Does the exchange neither go on from something that is kept, nor go on by itself? */
export const standsAlone = (session: Session | undefined): boolean =>
  session === undefined ||
  (!session.isTalk && session.detach === undefined && Object.keys(session.echoed).length === 0)

export interface InSession {
  /** Absent where nothing is referred to and nothing is to be kept. */
  readonly session: Session | undefined
}
