import {
  isJsonObject,
  type JsonObject,
  type JsonText,
  type ServerCallPart,
  type ServerTool,
  type ServerToolDefinition,
} from '../../ir/index.ts'
import { objectMember, objectOf, parsedJson, textMember } from './json-source.ts'
import {
  amount,
  listOf,
  objectSchema,
  oneOf,
  type PublishedFunction,
  text,
  whole,
} from './published-schemas.ts'
import { objectSource, rootMembers } from './root-members.ts'

/** A tool type of OpenAI's that the client runs, as a function for models of others (translation.md §5.7). */
export interface ResponsesFunction extends PublishedFunction {
  readonly tool: ServerTool
  /** The call's own input as arguments of the function. */
  readonly toArguments: (input: JsonText) => JsonText
  /** Arguments that a model wrote as the call's own input. */
  readonly toInput: (args: JsonText) => JsonText
}

const same = (source: JsonText): JsonText => source
const orEmpty = (source: JsonText): JsonText => (source.trim() === '' ? '{}' : source)

const shell: ResponsesFunction = {
  name: 'shell',
  tool: 'shell',
  description: 'Run shell commands, one after the other, in the local environment of the user.',
  parameters: objectSchema({
    commands: listOf(text(), 'The commands to run.'),
    'timeout_ms?': whole('How long each may run, in milliseconds.'),
    'max_output_length?': whole('How many characters of output are wanted at most.'),
  }),
  toArguments: same,
  toInput: (args) => withMissing(args, { timeout_ms: 'null', max_output_length: 'null' }),
}

const localShell: ResponsesFunction = {
  name: 'local_shell',
  tool: 'shell',
  description: 'Run a command on the computer of the user.',
  parameters: objectSchema({
    command: listOf(text(), 'The command and its arguments.'),
    'working_directory?': text('Where to run it.'),
    'timeout_ms?': amount('How long it may run, in milliseconds.'),
    'env?': { type: 'object', additionalProperties: text(), description: 'Environment variables to set.' },
    'user?': text('The user to run it as.'),
  }),
  toArguments: (input) => without(input, 'type'),
  toInput: (args) => withMissing(args, { type: '"exec"', env: '{}' }),
}

const applyPatch: ResponsesFunction = {
  name: 'apply_patch',
  tool: 'text-editor',
  description: 'Create, update or delete one file by a diff.',
  parameters: objectSchema({
    operation: objectSchema({
      type: oneOf(['create_file', 'update_file', 'delete_file']),
      path: text('Path of the file, relative to the root of the workspace.'),
      'diff?': text('Of `create_file` and `update_file`: the diff in V4A format, without file headers.'),
    }),
  }),
  toArguments: (input) => `{"operation":${input}}`,
  toInput: (args) => inner(args, 'operation'),
}

const toolSearch: ResponsesFunction = {
  name: 'tool_search',
  tool: 'tool-search',
  description: 'Search for tools that are not offered yet.',
  parameters: objectSchema({ query: text('What the tool should do.') }),
  toArguments: orEmpty,
  toInput: orEmpty,
}

const all: readonly ResponsesFunction[] = [shell, localShell, applyPatch, toolSearch]

/** Undefined for tools that the provider runs. */
export const responsesFunction = (definition: ServerToolDefinition): ResponsesFunction | undefined => {
  const config = objectOf(definition.config)
  const found = all.find(({ name }) => name === definition.wireType)
  if (found === shell) {
    // Without an environment it is the client's own; a container is the provider's.
    const environment = objectMember(config, 'environment')
    return environment === undefined || environment['type'] === 'local' ? shell : undefined
  }
  if (found !== toolSearch) return found
  return textMember(config, 'execution') === 'client' ? { ...toolSearch, ...searchWords(config) } : undefined
}

/** The client says itself how its search works. */
const searchWords = (config: JsonObject): Partial<PublishedFunction> => {
  const description = textMember(config, 'description')
  const parameters = objectMember(config, 'parameters')
  return {
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  }
}

/** The function that a call of the history belongs to, declared or not; undefined for what the provider ran. */
export const functionOfCall = (call: ServerCallPart): ResponsesFunction | undefined =>
  call.byClient === true ? all.find(({ name }) => name === call.name) : undefined

/** Arguments with what the wire demands; what is no object stays what the model wrote. */
const withMissing = (args: JsonText, missing: Readonly<Record<string, JsonText>>): JsonText => {
  if (!isJsonObject(parsedJson(args))) return orEmpty(args)
  const given = rootMembers(args)
  const absent = Object.entries(missing).filter(([key]) => !given.has(key))
  return absent.length === 0 ? args : objectSource([...absent, ...given])
}

const without = (source: JsonText, key: string): JsonText =>
  isJsonObject(parsedJson(source))
    ? objectSource([...rootMembers(source)].filter(([name]) => name !== key))
    : source

const inner = (source: JsonText, key: string): JsonText =>
  isJsonObject(parsedJson(source)) ? (rootMembers(source).get(key) ?? source) : orEmpty(source)
