import { createHash } from 'node:crypto'
import { type FSWatcher, lstatSync, readFileSync, readlinkSync, realpathSync, watch } from 'node:fs'
import { dirname, join, parse, resolve, sep } from 'node:path'
import { isMapFile, mapFilesIn } from './map-files.ts'

export interface WatchOptions {
  /** Milliseconds of quiet after the last event before the files are read. Default 200. */
  readonly debounceMs?: number
  /** Milliseconds between looks without an event: network file systems report none. Default 5000; 0 = never. */
  readonly pollMs?: number
}

export interface Watched {
  readonly files: readonly string[]
  /** Every map file in them counts as well, whenever it appears. */
  readonly folders: readonly string[]
}

/** So many events about other files between two looks, and a folder is polled: each costs the event loop microseconds. */
const mostStrangers = 100
/** Milliseconds between looks while a folder is polled for that. */
const busyPollMs = 1_000

/**
 * Calls `onChange` when the content of one of the files differs from the last look; also when one appears or
 * goes. It watches folders, not files, so it follows editors that write a new file and rename it, and symbolic
 * links that are pointed elsewhere (a Kubernetes ConfigMap swaps the link `..data`). A function is asked at each
 * look: when it names other files than before, that is a change. A folder in which other files change all the time
 * (that of the database and the logs is where the configuration is by default) is looked into each second instead.
 * Returns what ends it.
 */
export const watchFiles = (
  watched: readonly string[] | (() => Watched),
  onChange: () => void,
  options: WatchOptions = {},
): (() => void) => {
  const debounceMs = options.debounceMs ?? 200
  const pollMs = options.pollMs ?? 5_000
  const watchers = new Map<string, FSWatcher>()
  const busy = new Set<string>()
  /** Events about other files since the last look. */
  let strangers = 0
  const listed = (): Watched => (typeof watched === 'function' ? watched() : { files: watched, folders: [] })
  let seen = contentsOf(listed())
  let waiting: ReturnType<typeof setTimeout> | undefined
  let poll: ReturnType<typeof setInterval> | undefined
  let stopped = false
  /** What a change may be called that matters: every name on the way to a file. */
  let names: ReadonlySet<string> = new Set()
  let mapFolders: ReadonlySet<string> = new Set()

  const look = () => {
    waiting = undefined
    if (stopped) return
    follow()
    const now = contentsOf(listed())
    if (now === seen) return
    seen = now
    onChange()
  }
  const soon = () => {
    if (stopped) return
    clearTimeout(waiting)
    waiting = setTimeout(look, debounceMs)
  }
  /** Watches the folders that matter now: a swapped link leads into another one. */
  const follow = () => {
    const { files, folders } = listed()
    mapFolders = new Set(folders.map((folder) => realPath(folder)))
    const ways = [...files, ...folders.flatMap((folder) => [join(folder, 'any'), ...mapFiles(folder)])].map(
      wayTo,
    )
    const wanted = new Set(ways.flatMap((way) => [...way.folders]))
    names = new Set(ways.flatMap((way) => [...way.names]))
    for (const [folder, watcher] of watchers) if (!wanted.has(folder)) forget(folder, watcher)
    for (const folder of wanted) if (!watchers.has(folder) && !busy.has(folder)) begin(folder)
  }
  const begin = (folder: string) => {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || names.has(name) || (isMapFile(name) && mapFolders.has(realPath(folder)))) soon()
        else if (pollMs > 0 && ++strangers > mostStrangers) pollInstead(folder, watcher)
      })
      watcher.on('error', () => forget(folder, watcher))
      watchers.set(folder, watcher)
    } catch {
      // The folder is not there (yet), or the system has no watches left: the poll sees the change.
    }
  }
  const forget = (folder: string, watcher: FSWatcher) => {
    watcher.close()
    watchers.delete(folder)
  }

  follow()
  const check = () => {
    strangers = 0
    follow()
    // By way of the wait: the file may be half written.
    if (waiting === undefined && contentsOf(listed()) !== seen) soon()
  }
  const pollEach = (milliseconds: number) => {
    clearInterval(poll)
    poll = setInterval(check, milliseconds)
    poll.unref()
  }
  const pollInstead = (folder: string, watcher: FSWatcher) => {
    if (stopped) return
    busy.add(folder)
    forget(folder, watcher)
    pollEach(Math.min(pollMs, busyPollMs))
  }
  if (pollMs > 0) pollEach(pollMs)
  return () => {
    stopped = true
    clearTimeout(waiting)
    clearInterval(poll)
    for (const [folder, watcher] of watchers) forget(folder, watcher)
  }
}

/** Equal as long as no file's content changes. */
const contentsOf = ({ files, folders }: Watched): string => {
  const hash = createHash('sha256')
  for (const file of [...files, ...folders.flatMap(mapFiles)]) {
    hash.update(`${file}\0`)
    try {
      const content = readFileSync(file)
      hash.update(`${content.length}:`).update(content)
    } catch {
      hash.update('absent:')
    }
  }
  return hash.digest('hex')
}

const mapFiles = (folder: string): readonly string[] => {
  try {
    return mapFilesIn(folder)
  } catch {
    return []
  }
}

const realPath = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** More links than a path may hold on Linux. */
const mostLinks = 40

/** The file's folder, and that of every symbolic link on the way to it; and the names that are passed. */
const wayTo = (
  file: string,
): { readonly folders: ReadonlySet<string>; readonly names: ReadonlySet<string> } => {
  const folders = new Set([dirname(resolve(file))])
  const names = new Set<string>()
  let links = 0
  const walk = (path: string): void => {
    const { root } = parse(path)
    let at = root
    const steps = path
      .slice(root.length)
      .split(sep)
      .filter((step) => step !== '')
    for (const [index, step] of steps.entries()) {
      const next = join(at, step)
      names.add(step)
      const target = linkTarget(next)
      if (target !== undefined) {
        links += 1
        if (links > mostLinks) return
        folders.add(at)
        walk(resolve(at, target, ...steps.slice(index + 1)))
        return
      }
      if (index === steps.length - 1) folders.add(at)
      at = next
    }
  }
  walk(resolve(file))
  return { folders, names }
}

const linkTarget = (path: string): string | undefined => {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    return undefined
  }
}
