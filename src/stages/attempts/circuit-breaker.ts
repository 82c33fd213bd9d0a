/** When calls to an upstream stop being made, and when they are tried again. Durations in milliseconds. */
export interface CircuitSettings {
  /** So many failures in a row open it; 0 never does. */
  readonly failures: number
  /** This share of failures within `window` opens it, 0 to 1, once there were `minimum` calls. */
  readonly errorRate: number
  readonly minimum: number
  readonly window: number
  /** How long it stays open the first time; doubled each time that a probe fails, up to `longestOpen`. */
  readonly openFor: number
  readonly longestOpen: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/** One call that was let through. Only the first word about it counts, but a death after a success is a failure. */
export interface Call {
  succeeded(): void
  /** @param isUnreachable no connection came about: whoever gets one may close the circuit */
  failed(isUnreachable?: boolean): void
  /** It says nothing about the upstream: the client left, or the request was at fault. */
  forgotten(): void
}

export interface Circuit {
  readonly state: CircuitState
  /** When it may be tried again, in milliseconds since 1970; in the past unless it is open. */
  readonly openUntil: number
  /** Is it open since no connection came about? */
  readonly isUnreachable: boolean
  /** A call to make and to report on; undefined while the circuit is open or its one probe is under way. */
  admit(): Call | undefined
  /** A call that is made whatever the state, because there is nobody else to ask. It counts as a probe. */
  force(): Call
  /** Somebody else has seen it fail, or heal. */
  follow(openUntil: number, isUnreachable?: boolean): void
  heal(): void
}

export interface CircuitParts {
  readonly settings: () => CircuitSettings
  readonly now: () => number
  /** Told when this process itself opens or closes it. */
  readonly onChange: (state: 'open' | 'closed', openUntil: number, isUnreachable: boolean) => void
}

const slices = 10

/**
 * The state machine of one upstream: closed, open after failures in a row or a failing share of a window, half-open
 * with one probe at a time, closed again by the first probe that works.
 */
export const createCircuit = ({ settings, now, onChange }: CircuitParts): Circuit => {
  const counts = createWindow()
  let inRow = 0
  /** How often it has opened without a success in between. */
  let openings = 0
  let openUntil = 0
  let isUnreachable = false
  /** When the probe that is under way began. */
  let probing: number | undefined

  const open = (forReach: boolean): void => {
    const { openFor, longestOpen } = settings()
    openUntil = now() + Math.min(longestOpen, openFor * 2 ** Math.min(openings, 30))
    openings++
    probing = undefined
    isUnreachable = forReach
    onChange('open', openUntil, isUnreachable)
  }
  const close = (): void => {
    openings = 0
    inRow = 0
    openUntil = 0
    isUnreachable = false
    probing = undefined
    counts.clear()
  }
  const succeeded = (isProbe: boolean): void => {
    inRow = 0
    if (openings > 0) {
      // What was under way when it opened proves nothing about now.
      if (!isProbe) return
      close()
      onChange('closed', 0, false)
    }
    counts.add(now(), settings().window, false)
  }
  const failed = (isProbe: boolean, forReach: boolean): void => {
    const { failures, errorRate, minimum, window } = settings()
    if (failures === 0) return
    if (openings > 0) {
      // Forced calls fail together: that is one failed probe, not many.
      if (isProbe && now() >= openUntil) open(forReach)
      return
    }
    inRow++
    counts.add(now(), window, true)
    const { calls, bad } = counts.total(now(), window)
    if (inRow >= failures || (calls >= minimum && bad / calls >= errorRate)) open(forReach)
  }

  const begin = (): Call => {
    const isProbe = openings > 0
    if (isProbe) probing = now()
    let told: 'nothing' | 'success' | 'end' = 'nothing'
    return {
      succeeded() {
        if (told !== 'nothing') return
        told = 'success'
        succeeded(isProbe)
      },
      failed(forReach = false) {
        if (told === 'end') return
        // After a success a probe is over, and what fails then counts as any other call.
        failed(isProbe && told === 'nothing', forReach)
        told = 'end'
      },
      forgotten() {
        if (told === 'nothing' && isProbe) probing = undefined
        told = 'end'
      },
    }
  }

  return {
    get state() {
      return openings === 0 ? 'closed' : now() < openUntil ? 'open' : 'half-open'
    },
    get openUntil() {
      return openUntil
    },
    get isUnreachable() {
      return isUnreachable
    },
    admit() {
      if (openings > 0) {
        const time = now()
        if (time < openUntil) return undefined
        // A probe that is silent for long must not keep everybody else out.
        if (probing !== undefined && time - probing < settings().longestOpen) return undefined
      }
      return begin()
    },
    force: begin,
    follow(until, forReach = false) {
      if (!(until > now())) return
      openings = Math.max(1, openings)
      openUntil = Math.max(openUntil, until)
      isUnreachable = forReach
      probing = undefined
    },
    heal() {
      if (openings > 0) close()
    },
  }
}

/** Calls and failures of the last while, in slices that are forgotten one by one. */
const createWindow = () => {
  const calls = new Uint32Array(slices)
  const bad = new Uint32Array(slices)
  let newest = 0
  const advance = (time: number, window: number): void => {
    const slice = Math.floor(time / Math.max(1, window / slices))
    if (slice <= newest) return
    for (let passed = Math.max(newest + 1, slice - slices + 1); passed <= slice; passed++) {
      calls[passed % slices] = 0
      bad[passed % slices] = 0
    }
    newest = slice
  }
  return {
    add(time: number, window: number, isBad: boolean): void {
      advance(time, window)
      const at = newest % slices
      calls[at] = (calls[at] ?? 0) + 1
      if (isBad) bad[at] = (bad[at] ?? 0) + 1
    },
    total(time: number, window: number): { readonly calls: number; readonly bad: number } {
      advance(time, window)
      return { calls: sum(calls), bad: sum(bad) }
    },
    clear(): void {
      calls.fill(0)
      bad.fill(0)
    },
  }
}

const sum = (numbers: Uint32Array): number => numbers.reduce((total, number) => total + number, 0)
