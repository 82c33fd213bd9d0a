/**
 * Members of requests whose strings are no words of a client, by their key and the reason. What is on no such list has
 * to be a leaf.
 */
import type { JsonPath } from './json-strings.ts'

type Reason =
  | 'an enum word'
  | 'an id'
  | 'a name of a model, a tool or a property'
  | 'media, or an address from which the provider fetches'
  | 'state that must come back unchanged'
  | 'a credential that the provider is to use'
  | 'a keyword of a schema'
  | 'tokens that the model said'

const keys: Readonly<Record<Reason, string>> = {
  'an enum word':
    'type role status phase detail execution format mode ttl scope effort display keep summary context verbosity ' +
    'tool_choice function_call reasoning_effort reasoning_format modalities service_tier serviceTier speed truncation ' +
    'include prompt_cache_retention search_context_size search_content_types background moderation quality size ' +
    'output_format input_fidelity require_approval environment responseModalities responseMimeType response_mime_type ' +
    'mimeType mime_type media_type file_type thinkingLevel category threshold mediaResolution level aspectRatio ' +
    'imageSize languageCode voiceName voice behavior outcome language startOffset endOffset start_offset end_offset ' +
    'scheduling inference_geo error_code stop_reason encoding_format input_type task truncate taskType timeout ' +
    'allowed_callers syntax page_age retrieved_at route order country_code',
  'an id':
    'id call_id tool_call_id tool_use_id item_id approval_request_id previous_response_id previous_message_id ' +
    'conversation container container_id file_id skill_id version vector_store_ids fileSearchStoreNames ' +
    'file_search_store_names cachedContent cached_content prompt_template_name response_template_name server_label ' +
    'connector_id turn_id content_item_kinds',
  'a name of a model, a tool or a property':
    'name model models namespace tool_name toolset_name server_name mcp_server_name allowed_tools tool_names ' +
    'allowedFunctionNames allowed_function_names required propertyOrdering property_ordering',
  'media, or an address from which the provider fetches':
    'url image_url video_url audio_url document_url file_url file_data data fileUri file_uri input_audio server_url result',
  'state that must come back unchanged':
    'signature thought_signature thoughtSignature reasoning_signature encrypted_content encrypted_index ' +
    'encrypted_stdout fingerprint caller acknowledged_safety_checks pending_safety_checks code message',
  'a credential that the provider is to use':
    'authorization authorization_token headers Authorization AUTHORIZATION X-A custom-header-key',
  'a keyword of a schema': '$schema $ref $id $anchor $dynamicRef contentEncoding contentMediaType strict',
  'tokens that the model said': 'token logprobs',
}

const reasons: ReadonlyMap<string, Reason> = new Map(
  (Object.entries(keys) as [Reason, string][]).flatMap(([reason, names]) =>
    names.split(' ').map((name): [string, Reason] => [name, reason]),
  ),
)

/** Why a string that is no leaf is none; undefined where there is no reason. */
export const reasonOf = (path: JsonPath): Reason | undefined => {
  const key = path.findLast((step) => typeof step === 'string')
  return typeof key === 'string' ? reasons.get(key) : undefined
}
