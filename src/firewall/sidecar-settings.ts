import { z } from 'zod'
import { duration, httpUrl, settingMeta, text, wholeNumber } from '../config/index.ts'
import { sidecarKinds, sidecarParties } from './sidecar/index.ts'

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'is no HTTP header name' })
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/)

const sidecar = z
  .strictObject({
    id: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,39}$/,
        'a name is lower case, begins with a letter, and has at most 40 characters',
      )
      .describe('Its name in modes, findings and metrics.'),
    kind: z
      .enum(sidecarKinds)
      .describe(
        'What it speaks: `presidio` finds names and the like, `filter` judges and rewrites whole texts, the classifiers say how likely a text is an attack.',
      ),
    url: httpUrl()
      .register(settingMeta, { secret: 'url', expects: 'an http or https URL' })
      .describe(
        'Its base address. It may be private or loopback: nobody but this file names it. Redirects are not followed.',
      ),
    path: z
      .string()
      .regex(/^\/(?!\/)/, { error: 'must be a path that begins with `/`' })
      .optional()
      .describe('Behind the base address, in place of the usual path of its kind; not for `presidio`.'),
    headers: z
      .record(headerName, headerValue)
      .optional()
      .register(settingMeta, { secret: 'value', expects: 'a section (`name: value` lines)' })
      .describe('Headers added to every call, such as its key.'),
    timeout: duration()
      .prefault('5s')
      .describe(
        'Longest that an exchange waits for it, for all of its texts together, in seconds or with a unit.',
      ),
    on_error: z
      .enum(['allow', 'block'])
      .optional()
      .describe(
        'What happens while it is away, where its mode is `redact` or `enforce`; without this `block` for `enforce`, else `allow`.',
      ),
    min_score: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('What is less likely is not told, 0 to 1; 0.5 for `presidio`, 0.9 for `label-classifier`.'),
    texts: z
      .array(z.enum(sidecarParties))
      .min(1)
      .optional()
      .describe(
        'Whose texts of a request it sees: all, but for classifiers, which only look at `user` and `tool`.',
      ),
    languages: z
      .array(z.string().regex(/^[a-z]{2,3}$/, 'a language is an ISO code such as `en`'))
      .min(1)
      .max(20)
      .optional()
      .describe('Each text is looked at in each of them (`presidio`); without this in `en`.'),
    entities: z
      .array(text().max(100))
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Only these, by its own names such as `PERSON` (`presidio`); without this all that it knows.',
      ),
    labels: z
      .array(text().max(100))
      .min(1)
      .max(50)
      .optional()
      .describe('Labels that mean an attack (`label-classifier`), in place of the usual ones.'),
    concurrency: wholeNumber(1, 1_000).prefault(16).describe('Calls that run at once; others wait.'),
    max_text: wholeNumber(100, 10_000_000)
      .optional()
      .describe(
        'Characters in one call. Classifiers see a longer text in pieces (10000), for the others it counts as a failure (1048576).',
      ),
  })
  .superRefine((one, context) => {
    for (const [name, kinds] of onlyFor) {
      if (one[name] === undefined || kinds.some((kind) => kind === one.kind)) continue
      context.addIssue({ code: 'custom', message: `means nothing for kind ${one.kind}`, path: [name] })
    }
    for (const [index, party] of (one.texts ?? []).entries()) {
      if (!one.kind.endsWith('-classifier') || party === 'user' || party === 'tool') continue
      const message = `a classifier only looks at user and tool: what the operator or the model says is no attack`
      context.addIssue({ code: 'custom', message, path: ['texts', index] })
    }
  })

const onlyFor = [
  ['path', ['filter', 'label-classifier', 'shield-classifier']],
  ['languages', ['presidio']],
  ['entities', ['presidio']],
  ['labels', ['label-classifier']],
  ['min_score', ['presidio', 'label-classifier']],
] as const

/** `firewall.sidecars`. Durations are parsed to milliseconds. */
export const sidecarsSettings = z
  .array(sidecar)
  .max(20)
  .prefault([])
  .register(settingMeta, { expects: 'a list of sidecars with `id`, `kind` and `url`' })
  .describe(
    'Services that look at texts too. Their names stand in `detectors` as those of other detectors do.',
  )

export type SidecarSettings = z.output<typeof sidecarsSettings>[number]
