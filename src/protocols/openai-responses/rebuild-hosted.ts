/** Hosted items from canonical parts, where no source of ours is at hand. */
import { type ImagePart, parseJson, type ServerCallPart, type ServerResultPart } from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { arrayMember, member, parseObject, stringMember } from './members.ts'
import type { Written } from './patch.ts'

/** The parts that one item says together. */
export interface HostedGroup {
  readonly call?: ServerCallPart
  readonly image?: ImagePart
  readonly result?: ServerResultPart
}

/** Do call and result of this tool live in one item? */
export const isOneItem = (part: ServerCallPart | ServerResultPart): boolean => {
  switch (part.tool) {
    case 'web-search':
    case 'web-fetch':
    case 'file-search':
    case 'code-execution':
    case 'image-generation':
    case 'mcp':
      return true
    default:
      return false
  }
}

/** The item without its id, completed; undefined where the wire has none for the tool. */
export const rebuildHosted = ({ call, image, result }: HostedGroup): Written | undefined => {
  if (call !== undefined) return rebuildCall(call, image, result)
  if (image !== undefined) return rebuildImage(image)
  return result === undefined ? undefined : rebuildResult(result)
}

const rebuildCall = (
  call: ServerCallPart,
  image: ImagePart | undefined,
  result: ServerResultPart | undefined,
): Written | undefined => {
  const input = parseObject(call.input)
  const status = result?.isError === true ? 'failed' : 'completed'
  const own = call.id === undefined ? {} : { id: call.id }
  switch (call.tool) {
    case 'web-search':
      return { ...own, type: 'web_search_call', status, action: searchAction(call.input, result) }
    case 'web-fetch':
      return {
        ...own,
        type: 'web_search_call',
        status,
        action: { type: 'open_page', url: stringMember(input, 'url') ?? null },
      }
    case 'file-search':
      return {
        ...own,
        type: 'file_search_call',
        status,
        queries: arrayMember(input, 'queries') ?? [],
        results: listOf(result),
      }
    case 'code-execution':
      return {
        ...own,
        type: 'code_interpreter_call',
        status,
        code: stringMember(input, 'code') ?? null,
        // The type wants one; which it was is known to the provider alone.
        container_id: '',
        outputs: listOf(result),
      }
    case 'image-generation':
      return {
        ...own,
        ...imageMembers(image),
        status,
        ...(member(input, 'prompt') === undefined ? {} : { revised_prompt: member(input, 'prompt') }),
      }
    case 'mcp':
      return {
        ...own,
        type: 'mcp_call',
        status,
        server_label: call.server ?? '',
        name: call.name,
        arguments: call.input,
        error: result?.isError === true ? rawJson(result.output) : null,
        output: result === undefined || result.isError === true ? null : textOf(result.output),
      }
    case 'computer':
      return { ...callId(call.id), type: 'computer_call', status, pending_safety_checks: [], ...input }
    case 'shell':
      return call.name === 'local_shell'
        ? { ...callId(call.id), type: 'local_shell_call', status, action: rawJson(call.input) }
        : {
            ...callId(call.id),
            type: 'shell_call',
            status,
            action: rawJson(call.input),
            // Without an environment the client would take it for its own to run.
            environment:
              call.byClient === true ? { type: 'local' } : { type: 'container_reference', container_id: '' },
          }
    case 'text-editor':
      return call.name === 'apply_patch'
        ? { ...callId(call.id), type: 'apply_patch_call', status, operation: rawJson(call.input) }
        : undefined
    case 'tool-search':
      return {
        // The provider's own searches have no call id, only their item's.
        ...(call.id?.startsWith('tsc_') ? { id: call.id, call_id: null } : callId(call.id)),
        type: 'tool_search_call',
        status,
        execution: call.byClient === true ? 'client' : 'server',
        arguments: rawJson(call.input),
      }
    case 'other':
      return call.name === 'program'
        ? { ...callId(call.id), type: 'program', code: stringMember(input, 'code') ?? '' }
        : undefined
    default:
      return undefined
  }
}

const rebuildResult = (result: ServerResultPart): Written | undefined => {
  const status = result.isError === true ? 'failed' : 'completed'
  switch (result.tool) {
    case 'computer':
      return {
        ...callId(result.callId),
        type: 'computer_call_output',
        status,
        output: rawJson(result.output),
      }
    case 'shell':
      return result.name === 'local_shell'
        ? {
            ...callId(result.callId),
            type: 'local_shell_call_output',
            status,
            output: textOf(result.output),
          }
        : { ...callId(result.callId), type: 'shell_call_output', status, output: rawJson(result.output) }
    case 'text-editor':
      return result.name === 'apply_patch'
        ? {
            ...callId(result.callId),
            type: 'apply_patch_call_output',
            status,
            output: textOf(result.output),
          }
        : undefined
    case 'tool-search':
      return {
        call_id: result.callId ?? null,
        type: 'tool_search_output',
        status,
        execution: 'server',
        tools: rawJson(result.output),
      }
    case 'mcp':
      return result.name === 'mcp_list_tools'
        ? {
            type: 'mcp_list_tools',
            server_label: result.server ?? '',
            tools: result.isError === true ? [] : rawJson(result.output),
            ...(result.isError === true ? { error: textOf(result.output) } : {}),
          }
        : undefined
    case 'other':
      return result.name === 'program'
        ? { ...callId(result.callId), type: 'program_output', status, result: textOf(result.output) }
        : undefined
    default:
      return undefined
  }
}

const rebuildImage = (image: ImagePart): Written | undefined =>
  image.source.type === 'base64' ? { ...imageMembers(image), status: 'completed' } : undefined

const imageMembers = (image: ImagePart | undefined): Written => ({
  type: 'image_generation_call',
  result: image?.source.type === 'base64' ? image.source.data : null,
  ...(image?.source.type === 'base64' && image.source.mediaType?.startsWith('image/')
    ? { output_format: image.source.mediaType.slice('image/'.length) }
    : {}),
})

/** Ours has a `type`; other protocols give the query alone. What was found stands inside. */
const searchAction = (source: string, result: ServerResultPart | undefined): unknown => {
  const input = parseObject(source)
  const isOurs = stringMember(input, 'type') !== undefined
  const sources = result === undefined || result.isError === true ? null : listOf(result)
  if (sources === null || (isOurs && (input['type'] !== 'search' || input['sources'] !== undefined))) {
    return isOurs ? rawJson(source) : { type: 'search', ...input }
  }
  return { type: 'search', ...input, sources }
}

const listOf = (result: ServerResultPart | undefined): unknown =>
  result !== undefined && Array.isArray(parseJson(result.output)) ? rawJson(result.output) : null

/** A JSON string says its text; any other JSON says itself. */
const textOf = (json: string): string => {
  const value = parseJson(json)
  return typeof value === 'string' ? value : json
}

const callId = (id: string | undefined): Written => (id === undefined ? {} : { call_id: id })
