import type { BodyStream, SettleHook, StreamReply } from '../../pipeline/index.ts'
import { formatFrame } from '../../wire/index.ts'
import type { BackgroundJob } from './background-jobs.ts'
import { streamHeaders } from './local-reply.ts'

export interface FollowOptions {
  /** How many events the client has seen. */
  readonly from: number
  readonly exchange: string
}

/** The stream of an answer that is being written in the background. Who leaves does not end it. */
export const followJob = (job: BackgroundJob, { from, exchange }: FollowOptions): StreamReply => ({
  status: 200,
  headers: new Headers({ ...streamHeaders, 'x-tollgate-request-id': exchange }),
  body: new FollowedStream(job, from),
})

const encoder = new TextEncoder()
/** Says that somebody is there: at once, since heads of streams wait for a first byte, and in long silence. */
const signOfLife = encoder.encode(': keep-alive\n\n')
/** Silence after which it is said, in milliseconds: proxies give up after 15 s or more. */
const silence = 12_000

class FollowedStream implements BodyStream {
  readonly #job: BackgroundJob
  readonly #hooks: SettleHook[] = []
  #next: number
  #sent = 0
  #isOver = false
  #leave = Promise.withResolvers<void>()

  constructor(job: BackgroundJob, from: number) {
    this.#job = job
    this.#next = from
  }

  onSettle(hook: SettleHook): void {
    this.#hooks.push(hook)
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#isOver) return undefined
      const { frames, isOver } = this.#job
      if (this.#next < frames.length) {
        const bytes = encoder.encode(frames.slice(this.#next).map(formatFrame).join(''))
        this.#next = frames.length
        this.#sent += bytes.byteLength
        if (isOver) await this.#settle('success')
        return bytes
      }
      if (isOver) {
        await this.#settle('success')
        return undefined
      }
      if (await this.#isSilent()) {
        this.#sent += signOfLife.byteLength
        return signOfLife
      }
    }
  }

  cancel(): void {
    this.#leave.resolve()
    void this.#settle('client_aborted')
  }

  /** Waits for the job to say more. */
  async #isSilent(): Promise<boolean> {
    if (this.#sent === 0) return true
    let timer: ReturnType<typeof setTimeout> | undefined
    const silent = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), silence)
    })
    const changed = Promise.race([this.#job.changed(), this.#leave.promise]).then(() => false)
    try {
      return await Promise.race([changed, silent])
    } finally {
      clearTimeout(timer)
    }
  }

  async #settle(result: 'success' | 'client_aborted'): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    for (const hook of this.#hooks) await hook({ result, status: 200, responseBytes: this.#sent })
  }
}
