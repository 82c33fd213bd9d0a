import { Command } from 'commander'
import type { z } from 'zod'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer, routeExplanationSchema, routesSchema } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import { collect, parseCount, parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { printable, table } from '../table.ts'

interface ExplainOptions extends ServerOptions {
  readonly endpoint?: string
  readonly provider?: string
  readonly port?: string
  readonly key?: string
  readonly header?: readonly string[]
  readonly session?: string
  readonly inputTokens?: number
  readonly tools?: true
  readonly images?: true
  readonly at?: number
}

export const routeCommand: CommandMaker = (context, done) => {
  const explain = new Command('explain')
    .description('say where a request for a model would go, and why')
    .argument('<model>', 'the model as a client names it')
    .option('--endpoint <name>', 'protocol or operation of the request (default: openai-chat)')
    .option('--provider <id>', 'the provider that the path pins')
    .option('--port <name>', 'the port that it comes in at, with `listen.mode: multi`: openai')
    .option('--key <key>', 'name or id of the virtual key')
    .option('--header <name=value>', 'a header of the request; may be repeated', collect)
    .option('--session <name>', "the client's name of its session")
    .option('--input-tokens <count>', 'how long the request is', parseCount(0, 1_000_000_000))
    .option('--tools', 'the request brings tools')
    .option('--images', 'the request brings pictures')
    .option('--at <time>', 'when: 2026-11-21T23:30 (UTC), or 7d for seven days ago (default: now)', (text) =>
      parseMoment(text),
    )
  addServerOptions(explain)
    .addHelpText(
      'after',
      '\nExample:\n  $ tgw route explain claude-sonnet-4-5 --endpoint openai-responses --tools\n',
    )
    .action(async (model: string, options: ExplainOptions) => {
      const client = connect(context, options)
      const said = readAnswer(
        routeExplanationSchema,
        await client.call('GET', `/routes/explain?${queryOf(model, options)}`),
      )
      answer(context, options, said, () => explanationText(said))
      done(said.outcome === 'routed' ? exitCodes.ok : exitCodes.failed)
    })

  const list = new Command('list').description('list the rules in the order in which they are looked at')
  addServerOptions(list)
    .addHelpText('after', '\nExample:\n  $ tgw route list\n')
    .action(async (options: ServerOptions) => {
      const said = readAnswer(routesSchema, await connect(context, options).call('GET', '/routes'))
      answer(context, options, said, () => routesText(said))
      done(exitCodes.ok)
    })

  return new Command('route')
    .description('show which rules there are, and which of them decides about a request')
    .addCommand(explain)
    .addCommand(list)
    .addHelpText('after', '\nExample:\n  $ tgw route explain gpt-5.1\n')
}

const queryOf = (model: string, options: ExplainOptions): URLSearchParams => {
  const { endpoint, provider, port, key, header = [], session, inputTokens, tools, images, at } = options
  const single = {
    model,
    endpoint,
    provider,
    port,
    key,
    session,
    input_tokens: inputTokens,
    tools,
    images,
    at,
  }
  return new URLSearchParams([
    ...Object.entries(single).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
    ...header.map((one) => ['header', one]),
  ])
}

type Explanation = z.output<typeof routeExplanationSchema>

const explanationText = (said: Explanation): string => {
  const looked = said.steps.map(({ looked, name, fits, because }) => [
    looked,
    name,
    fits ? 'yes' : 'no',
    because,
  ])
  const targets = said.targets.map(({ provider, model, weight, served, protocol, capable }, index) => [
    String(index + 1),
    provider,
    model,
    weight,
    service[served] ?? served,
    protocol,
    capable ? 'yes' : 'no',
  ])
  return [
    `${printable(verdict(said))}\n`,
    ...(looked.length === 0 ? [] : [table(['LOOKED AT', 'NAME', 'FITS', 'BECAUSE'], looked)]),
    ...(targets.length === 0
      ? []
      : [table(['', 'PROVIDER', 'MODEL', 'WEIGHT>', 'THE REQUEST IS', 'SPOKEN TO IN', 'CAPABLE'], targets)]),
  ].join('\n')
}

const verdict = ({ model, outcome, rule, strategy, sticky, workMode, nearest }: Explanation): string => {
  const how = `strategy ${strategy}${sticky ? ', sessions stay' : ''}, work mode ${workMode}`
  switch (outcome) {
    case 'routed':
      return `${model}: ${rule} (${how})`
    case 'denied':
      return `${model}: 403, the key may not use it, or none of its providers`
    case 'unserved':
      return `${model}: ${rule} (${how}), but none of its targets can be asked`
    case 'unknown':
      return `${model}: 404, nobody knows it${nearest.length === 0 ? '' : `, did you mean ${nearest.join(', ')}?`}`
  }
}

const service: Readonly<Record<string, string>> = {
  untouched: 'passed through',
  translated: 'translated',
  counted: 'counted by the gateway',
  refused: 'refused by work mode',
  'not-served': 'not served there',
  denied: 'denied to the key',
}

const routesText = ({ routes }: z.output<typeof routesSchema>): string =>
  routes.length === 0
    ? 'there are no rules: models go to the providers that know them\n'
    : table(
        ['', 'NAME', 'MATCH', 'WHEN', 'STRATEGY', 'TARGETS'],
        routes.map(({ number, name, match, when, strategy, targets }) => [
          String(number),
          name,
          match.join(', '),
          when === null ? '' : Object.keys(when).join(', '),
          strategy,
          targets
            .map(({ provider, model }) => (model === null ? provider : `${provider}/${model}`))
            .join(', '),
        ]),
      )
