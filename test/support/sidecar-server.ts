/** Services that look at texts, on loopback: Presidio, a filter, and both kinds of classifiers, each below its path. */
export interface SidecarServer {
  readonly url: string
  /** What was asked, in order. */
  readonly asked: Asked[]
  /** How all of them behave until it is set again. */
  behaviour: 'answers' | 'breaks' | 'hangs' | 'babbles'
  /** Only texts that hold this meet the behaviour; the others are answered. */
  only: string
  /** Callers that left before they were answered. */
  left: number
  /** Texts that a sidecar was asked about since `asked` was emptied. */
  texts(path?: string): readonly string[]
  stop(): Promise<void>
}

export interface Asked {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

/** Whom Presidio's stand-in knows. */
const people = ['Dan Smith', 'Eve Stone', '王小明']

export const startSidecars = (): SidecarServer => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname: path, search } = new URL(request.url)
      if (path === '/health') return new Response('Presidio Analyzer service is up')
      if (request.method === 'GET') return new Response('what?', { status: 404 })
      const body = JSON.parse(await request.text()) as Record<string, unknown>
      sidecars.asked.push({ path: path + search, headers: Object.fromEntries(request.headers), body })
      if (sidecars.behaviour !== 'answers' && JSON.stringify(body).includes(sidecars.only)) {
        switch (sidecars.behaviour) {
          case 'breaks':
            return new Response('{"error":"no"}', { status: 500 })
          case 'babbles':
            return new Response('[{"label":', { headers: { 'content-type': 'application/json' } })
          case 'hangs':
            return new Promise<Response>((resolve) => {
              request.signal.addEventListener('abort', () => {
                sidecars.left++
                resolve(new Response())
              })
            })
        }
      }
      return Response.json(answers[path]?.(body) ?? {}, answers[path] === undefined ? { status: 404 } : {})
    },
  })
  const sidecars: SidecarServer = {
    url: `http://127.0.0.1:${server.port}`,
    asked: [],
    behaviour: 'answers',
    only: '',
    left: 0,
    texts: (path) =>
      sidecars.asked.flatMap((one) =>
        path === undefined || one.path.startsWith(path) ? textsOf(one.body) : [],
      ),
    stop: () => server.stop(true),
  }
  return sidecars
}

const textsOf = (body: Readonly<Record<string, unknown>>): readonly string[] =>
  [body['text'], body['input'], body['output'], body['inputs'], body['userPrompt'], body['documents']]
    .flat()
    .filter((text) => typeof text === 'string' && text !== '')
    .map(String)

const answers: Readonly<Record<string, (body: Readonly<Record<string, unknown>>) => unknown>> = {
  '/analyze': (body) => textsOf(body).map(analyse),
  '/filter': ({ input, output }) =>
    judge(typeof input === 'string' ? 'input' : 'output', String(input ?? output)),
  '/predict': (body) => {
    const score = /ignore (?:all|previous)/.test(textsOf(body).join()) ? 0.97 : 0.03
    return [
      [
        { label: 'INJECTION', score },
        { label: 'SAFE', score: 1 - score },
      ],
    ]
  },
  '/contentsafety/text:shieldPrompt': ({ userPrompt, documents }) => ({
    userPromptAnalysis: { attackDetected: String(userPrompt).includes('ignore previous') },
    documentsAnalysis: (documents as string[]).map((text) => ({
      attackDetected: text.includes('ignore previous'),
    })),
  }),
}

/** As Python counts: in code points. */
const analyse = (text: string): readonly object[] => {
  const found: object[] = []
  for (const name of people) {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const start = [...text.slice(0, at)].length
      found.push({ entity_type: 'PERSON', start, end: start + [...name].length, score: 0.85 })
    }
  }
  return found
}

/** Forbids what is forbidden, hides numbers of patients, and writes some texts anew. */
const judge = (direction: string, text: string): object => {
  if (text.includes('forbidden'))
    return { allowed: false, block_reason: 'forbidden', detections: ['bad word'] }
  if (text.includes('rephrase me')) return { allowed: true, [`redacted_${direction}`]: `A note. ${text}` }
  const redacted = text.replace(/patient-\d+/g, '<PATIENT>')
  return redacted === text
    ? { allowed: true, block: false }
    : { allowed: true, [`redacted_${direction}`]: redacted, detections: [{ type: 'patient' }] }
}
