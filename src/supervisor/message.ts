/** Where a worker can be reached. */
export interface ReadyInfo {
  readonly host: string
  /** By name, e.g. `{ facade: 8081 }`. */
  readonly ports: Readonly<Record<string, number>>
  /** What the ledger knows this run of the worker by. */
  readonly instance?: string
}

/** What a worker tells its supervisor. */
export type WorkerMessage =
  | { readonly type: 'ready'; readonly info: ReadyInfo }
  /** It will end because it cannot start; the message is for the operator. */
  | { readonly type: 'failed'; readonly message: string }

/** What a supervisor tells its worker. */
export type SupervisorMessage =
  | { readonly type: 'drain' }
  | { readonly type: 'reload' }
  /** Another worker serves now: finish what runs, however long that takes. */
  | { readonly type: 'retire' }
  /** Who serves now, whenever that has changed. */
  | { readonly type: 'team'; readonly members: readonly Member[] }

/** A worker that serves. */
export interface Member {
  /** From 1; a worker that follows another one has its number. */
  readonly number: number
  readonly pid: number
  readonly instance: string
}

/** A worker that ends with this code (EX_CONFIG of sysexits.h) has a wrong configuration: starting it again is no use. */
export const configExitCode = 78

/** Undefined for what is no such message. */
export const parseWorkerMessage = (message: unknown): WorkerMessage | undefined => {
  if (!isRecord(message)) return undefined
  if (message['type'] === 'failed') return { type: 'failed', message: String(message['message'] ?? '') }
  const info = message['type'] === 'ready' ? parseReadyInfo(message['info']) : undefined
  return info === undefined ? undefined : { type: 'ready', info }
}

export const parseSupervisorMessage = (message: unknown): SupervisorMessage | undefined => {
  const type = isRecord(message) ? message['type'] : undefined
  if (isRecord(message) && type === 'team') return { type, members: parseMembers(message['members']) }
  return type === 'drain' || type === 'reload' || type === 'retire' ? { type } : undefined
}

const parseMembers = (value: unknown): readonly Member[] =>
  (Array.isArray(value) ? value : []).flatMap((one: unknown) => {
    if (!isRecord(one)) return []
    const { number, pid, instance } = one
    return typeof number === 'number' && typeof pid === 'number' && typeof instance === 'string'
      ? [{ number, pid, instance }]
      : []
  })

export const parseReadyInfo = (value: unknown): ReadyInfo | undefined => {
  if (!isRecord(value) || typeof value['host'] !== 'string' || !isRecord(value['ports'])) return undefined
  const ports: Record<string, number> = {}
  for (const [name, port] of Object.entries(value['ports'])) if (typeof port === 'number') ports[name] = port
  const { instance } = value
  return { host: value['host'], ports, ...(typeof instance === 'string' ? { instance } : {}) }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
