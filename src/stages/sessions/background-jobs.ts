import { GatewayError } from '../../errors.ts'
import type { Owner, Sessions } from '../../sessions/index.ts'
import type { SseFrame } from '../../wire/index.ts'

/** An exchange that runs though nobody waits for it. */
export interface BackgroundJob {
  readonly isStreamed: boolean
  /** Everything that was said so far, for those who follow a streamed one. */
  readonly frames: readonly SseFrame[]
  readonly isOver: boolean
  /** Resolves when there is more to say, or nothing more at all. */
  changed(): Promise<void>
  say(frames: readonly SseFrame[]): void
  abort(): void
}

/** The exchanges of this process that run in the background. */
export interface BackgroundJobs {
  /**
   * Runs `work` and reports that it is alive until it is over. Who waits for the work is told when it is over.
   * @throws GatewayError `gateway_overloaded`
   */
  start(
    of: { readonly owner: Owner; readonly id: string; readonly isStreamed: boolean },
    work: (signal: AbortSignal) => Promise<void>,
  ): BackgroundJob
  /** Refuses when too many run. */
  assertRoom(): void
  get(id: string): BackgroundJob | undefined
  /** Lets the running ones go on until the deadline resolves, and ends those that are left. */
  drain(deadline: Promise<void>): Promise<void>
}

/** Jobs that may run at once. */
const mostJobs = 500
/** How often a job reports that it is alive, in milliseconds. */
const heartbeat = 20_000

export const createBackgroundJobs = (
  sessions: Pick<Sessions, 'touch'>,
  onProblem: (message: string, error: unknown) => void,
): BackgroundJobs => {
  const jobs = new Map<string, Job>()
  let isStopping = false
  const assertRoom = (): void => {
    if (isStopping) throw new GatewayError('gateway_draining', 'the gateway is shutting down')
    if (jobs.size < mostJobs) return
    throw new GatewayError('gateway_overloaded', 'too many responses are written in the background')
  }
  return {
    assertRoom,
    get: (id) => jobs.get(id),
    start({ owner, id, isStreamed }, work) {
      assertRoom()
      const job = new Job(isStreamed)
      jobs.set(id, job)
      const beat = setInterval(() => {
        sessions.touch(owner, id).then(
          (isRunning) => {
            if (!isRunning) job.abort()
          },
          (error: unknown) => onProblem('a background response cannot report that it is alive', error),
        )
      }, heartbeat)
      job.done = work(job.signal)
        .catch((error: unknown) => onProblem('a background response failed', error))
        .finally(() => {
          clearInterval(beat)
          jobs.delete(id)
          job.end()
        })
      return job
    },
    async drain(deadline) {
      isStopping = true
      const all = Promise.all([...jobs.values()].map(({ done }) => done))
      await Promise.race([all, deadline])
      for (const job of jobs.values()) job.abort()
      await Promise.race([all, Bun.sleep(2_000)])
    },
  }
}

class Job implements BackgroundJob {
  readonly isStreamed: boolean
  readonly frames: SseFrame[] = []
  isOver = false
  done: Promise<void> = Promise.resolve()
  readonly #controller = new AbortController()
  #change = Promise.withResolvers<void>()

  constructor(isStreamed: boolean) {
    this.isStreamed = isStreamed
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  changed(): Promise<void> {
    return this.#change.promise
  }

  say(frames: readonly SseFrame[]): void {
    if (!this.isStreamed) return
    this.frames.push(...frames)
    this.#tell()
  }

  abort(): void {
    this.#controller.abort()
  }

  end(): void {
    this.isOver = true
    this.#tell()
  }

  #tell(): void {
    const { resolve } = this.#change
    this.#change = Promise.withResolvers()
    resolve()
  }
}
