import { Command } from 'commander'
import type { z } from 'zod'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { cacheExplanationSchema, cachePurgeSchema, cacheStatsSchema, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table, timeText } from '../table.ts'

interface ExplainOptions extends ServerOptions {
  readonly with?: string
}

interface PurgeOptions extends ServerOptions {
  readonly organisation?: string
}

export const cacheCommand: CommandMaker = (context, done) => {
  const stats = new Command('stats').description(
    'what the cache of answers did since the gateway started, and what it saved',
  )
  addServerOptions(stats)
    .addHelpText('after', '\nExample:\n  $ tgw cache stats\n')
    .action(async (options: ServerOptions) => {
      const said = readAnswer(cacheStatsSchema, await connect(context, options).call('GET', '/cache/stats'))
      answer(context, options, said, () => statsText(said))
      done(exitCodes.ok)
    })

  const explain = new Command('explain')
    .description('what the cache did about an exchange, and why')
    .argument('<exchange>', 'its id: the header x-tollgate-request-id of its answer')
    .option('--with <exchange>', 'another one: in what the two requests differ')
  addServerOptions(explain)
    .addHelpText('after', '\nExample:\n  $ tgw cache explain req_01K9… --with req_01K8…\n')
    .action(async (exchange: string, options: ExplainOptions) => {
      const query = new URLSearchParams({
        exchange,
        ...(options.with === undefined ? {} : { with: options.with }),
      })
      const said = readAnswer(
        cacheExplanationSchema,
        await connect(context, options).call('GET', `/cache/explain?${query}`),
      )
      answer(context, options, said, () => explanation(said))
      done(exitCodes.ok)
    })

  const purge = new Command('purge')
    .description('remove answers from the cache, at all gateways that share')
    .option('--organisation <id>', 'only those of this organisation')
  addServerOptions(purge)
    .addHelpText('after', '\nExample:\n  $ tgw cache purge\n')
    .action(async (options: PurgeOptions) => {
      const { organisation } = options
      const said = readAnswer(
        cachePurgeSchema,
        await connect(context, options).call(
          'POST',
          '/cache/purge',
          organisation === undefined ? {} : { organisation },
        ),
      )
      answer(context, options, said, () => `${countText(said.purged)} answers removed\n`)
      done(exitCodes.ok)
    })

  return new Command('cache')
    .description('answers that are given again to equal requests')
    .addCommand(stats)
    .addCommand(explain)
    .addCommand(purge)
    .addHelpText('after', '\nExample:\n  $ tgw cache stats\n')
}

const statsText = (stats: z.output<typeof cacheStatsSchema>): string => {
  const { hits, misses, bypasses, kept, tooLarge, faults, savedUsd, size, similar } = stats
  const { similarHits, judgedRight, judgedWrong } = stats
  const asked = hits + misses
  const share = asked === 0 ? '' : ` (${((hits / asked) * 100).toFixed(1)} %)`
  return table(
    ['', 'SINCE THE START>'],
    [
      ['answered from the cache', `${countText(hits)}${share}`],
      ...(similarHits === 0 ? [] : [['of these, questions that mean the same', countText(similarHits)]]),
      ['asked a provider', countText(misses)],
      ['left out', countText(bypasses)],
      ['saved, $', savedUsd],
      ['answers kept', countText(kept)],
      ['too large to be kept', countText(tooLarge)],
      ['faults of the store', countText(faults)],
      ...(size === null
        ? []
        : [
            ['answers in memory', countText(size.entries)],
            ['bytes in memory', countText(size.bytes)],
            ['gone for newer ones', countText(size.evicted)],
          ]),
      ...(similar?.questions === 0
        ? []
        : [
            similar === null
              ? ['questions by what they mean', 'redis is away']
              : [
                  `questions by what they mean${similar.isShared ? ', in redis' : ''}`,
                  countText(similar.questions),
                ],
            ['kept answers right for another question', countText(judgedRight)],
            ['kept answers wrong for it', countText(judgedWrong)],
          ]),
    ],
  )
}

type Similar = NonNullable<z.output<typeof cacheExplanationSchema>['similar']>

const similarText = ({ result, difference, similarity, certainty }: Similar): string =>
  [
    result,
    ...(difference === undefined ? [] : [`they differ in ${difference}`]),
    ...(similarity === undefined ? [] : [`similarity ${similarity}`]),
    ...(certainty === undefined
      ? []
      : [`its answer is right with ${(certainty * 100).toFixed(1)} % at least`]),
  ].join(', ')

const explanation = (said: z.output<typeof cacheExplanationSchema>): string => {
  const { result, reason, unkept, age, key, savedUsd, kept, differs, similar } = said
  const lines = [`result: ${result}${reason === null ? '' : `, ${reason}`}`]
  if (age !== null) lines.push(`age: ${age} s`)
  if (similar !== null) lines.push(`by what it means: ${similarText(similar)}`)
  if (savedUsd !== null) lines.push(`saved: $${savedUsd}`)
  if (unkept !== null) lines.push(`the answer was not kept: ${unkept}`)
  if (key !== null) lines.push(`key: ${key}`)
  if (key !== null)
    lines.push(
      kept === null
        ? 'no answer is kept under this key now, as far as the process knows that was asked'
        : `kept now: an answer of ${kept.provider}, ${kept.model}, from ${timeText(kept.at)}`,
    )
  if (differs !== null)
    lines.push(
      differs.length === 0 ? 'both requests ask the same' : `the requests differ in: ${differs.join(', ')}`,
    )
  return `${lines.join('\n')}\n`
}
