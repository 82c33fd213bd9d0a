/** What an answer does not say again after a way there and back. */
import { type Loss, loss, losses, protocol } from './journeys.ts'

const { chat, responses, messages, gemini } = protocol
const openai = [chat, responses]

const choice = 'choices[*]'
const call = `${choice}.calls[*]`
const citation = `${choice}.citations[*]`

const words: readonly Loss[] = [
  ...losses([`${choice}.refusal`, `${choice}.text`], 'words of refusal are text there', {
    home: openai,
    abroad: [messages, gemini],
  }),
  ...losses([`${choice}.text`, `${choice}.order`], 'a refusal without words gets some', {
    home: [chat, messages],
    abroad: [messages, ...openai],
    when: ({ expected }) => expected === '',
  }),
  loss(`${choice}.order`, 'Chat has one text and one thought, before the calls', { abroad: [chat] }),
  loss(choice, 'there is one answer to a question there', {
    change: 'missing',
    abroad: [responses, messages],
  }),
  loss(choice, 'an answer without any part has one that is empty', {
    change: 'added',
    when: ({ actual }) => JSON.stringify(actual).includes('"order":"","text":"","refusal":""'),
  }),
]

const finishes: readonly Loss[] = [
  loss(`${choice}.finish`, 'a refusal with words is said like a filter’s', {
    when: ({ expected, actual }) => expected === 'refusal' && actual === 'filtered-output',
  }),
  loss(`${choice}.finish`, 'the reason has no word there', {
    when: ({ expected, actual }) =>
      actual === 'end' && /^(compacted|steered|other|no-image|pause|stop-sequence)$/.test(String(expected)),
  }),
  loss(`${choice}.finish`, 'a filter’s own reasons are one', {
    when: ({ expected, actual }) =>
      /^filtered|^refusal/.test(String(expected)) && /^filtered|^refusal/.test(String(actual)),
  }),
  loss(`${choice}.finish`, 'the call that would be answered cannot be said there', {
    home: [responses],
    when: ({ expected, actual }) => expected === 'tool-calls' && actual === 'end',
  }),
]

const calls: readonly Loss[] = [
  loss(`${call}.id`, 'a call without an id gets one', { change: 'added', home: [chat, gemini] }),
  loss(`${call}.input`, 'no arguments are an empty object', { when: ({ expected }) => expected === '' }),
  loss(`${call}.input`, 'free text is the one argument of a function there', {
    home: openai,
    when: ({ expected, actual }) => actual === JSON.stringify({ input: expected }),
  }),
  loss(`${call}.input`, 'a frame is one line', {
    abroad: [gemini],
    when: ({ expected, actual }) => actual === String(expected).replaceAll('\n', ' '),
  }),
  loss(`${call}.kind`, 'free text is the one argument of a function there', { home: openai }),
  loss(`${call}.name`, 'namespaces are part of the name there', {
    home: [responses],
    when: ({ expected, actual }) => String(actual).endsWith(`__${expected}`),
  }),
  loss(`${call}.namespace`, 'namespaces are part of the name there', {
    change: 'missing',
    home: [responses],
  }),
]

const citations: readonly Loss[] = [
  loss(citation, 'files and other sources are cited nowhere else', {
    change: 'missing',
    when: ({ expected }) => !JSON.stringify(expected).includes('"url"'),
  }),
  ...losses(
    [citation, `${citation}.covered`, `${citation}.url`, `${citation}.title`],
    'a citation is of a whole block of text there',
    {
      abroad: [messages],
    },
  ),
  loss(`${citation}.covered`, 'texts that are one there are cited together', { home: [messages] }),
]

const hosted: readonly Loss[] = [
  loss(`${choice}.hosted[*]`, 'a tool that ran at the provider has no place there', { change: 'missing' }),
  loss(`${choice}.hosted[*]`, 'tools that ran together are told one after the other', {
    home: [messages],
    abroad: [gemini],
  }),
  loss(`${choice}.media[*]`, 'such media are not answered there', { change: 'missing' }),
  loss(`${choice}.media[*].source.mediaType`, 'read from what was asked for', { home: [gemini, responses] }),
]

const usage: readonly Loss[] = [
  ...losses(
    ['cacheReadTokens', 'cacheWriteTokens', 'reasoningTokens', 'inputTokens', 'outputTokens'].map(
      (name) => `usage.${name}`,
    ),
    'the protocol demands the number',
    { change: 'added', when: ({ actual }) => actual === 0 },
  ),
  ...losses(
    ['cacheWriteTokens', 'cacheWriteLongTokens'].map((name) => `usage.${name}`),
    'Gemini counts no writes to the cache',
    { abroad: [gemini] },
  ),
  loss('usage.cacheWriteLongTokens', 'lives are not told apart there', { change: 'missing', abroad: openai }),
  ...losses(
    [
      'inputAudioTokens',
      'inputImageTokens',
      'outputAudioTokens',
      'outputImageTokens',
      'toolPromptTokens',
    ].map((name) => `usage.${name}`),
    'not counted apart there',
    { change: 'missing' },
  ),
  ...losses(['usage.webSearches', 'usage.webFetches'], 'counted elsewhere, or in another way'),
  loss('usage.inputTokens', 'more was cached than was read', {
    abroad: [messages],
    when: ({ expected, actual }) => Number(actual) > Number(expected),
  }),
]

const about: readonly Loss[] = [
  loss('model', 'an answer without a model gets the one that was asked for', { change: 'added' }),
  loss('model', 'the model that answered in the end', {
    home: [messages],
    when: ({ expected, actual }) => expected === 'claude-sonnet-4-5' && actual === 'claude-opus-4-7',
  }),
  loss('serviceTier', 'each vendor’s own words'),
]

/** What an answer's provider does not get back as it said it, when the client goes on. */
export const historyLosses: readonly Loss[] = [
  loss('calls[*].id', 'a call without an id gets one', { change: 'added', home: [chat, gemini] }),
  loss('calls[*].input', 'no arguments are an empty object', { when: ({ expected }) => expected === '' }),
  loss('calls[*].input', 'free text is the one argument of a function there', {
    home: [responses],
    when: ({ expected, actual }) => actual === JSON.stringify({ input: expected }),
  }),
  loss('text', 'a refusal without words gets some', {
    home: [messages],
    abroad: openai,
    when: ({ expected }) => expected === '',
  }),
]

export const answerLosses: readonly Loss[] = [
  ...words,
  ...finishes,
  ...calls,
  ...citations,
  ...hosted,
  ...usage,
  ...about,
]
