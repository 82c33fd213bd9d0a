"""The vendors' Python SDKs reading streams with their helpers.

    python python_streams.py < jobs.jsonl

Each line of the input is {"client", "url"}. Prints one JSON line for each, in their order:
{"told": what the helper made of it} or {"told": null, "error": how it failed}.
"""

import json
import sys

TEXT = "Hi"
KEY = "unused"


def openai_usage(usage, input_name, output_name):
    if usage is None:
        return {}
    got = getattr(usage, f"{input_name}_tokens_details", None)
    made = getattr(usage, f"{output_name}_tokens_details", None)
    return {
        "input": getattr(usage, f"{input_name}_tokens"),
        "output": getattr(usage, f"{output_name}_tokens"),
        "total": usage.total_tokens,
        "cacheRead": getattr(got, "cached_tokens", None),
        "cacheWrite": getattr(got, "cache_write_tokens", None),
        "reasoning": getattr(made, "reasoning_tokens", None),
    }


def said_call(call):
    said = call.model_dump()  # the helper's types know functions only
    if said["type"] == "custom":
        return {"name": said["custom"]["name"], "input": said["custom"]["input"]}
    return {"name": said["function"]["name"], "input": said["function"]["arguments"]}


def chat(url):
    import openai

    client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    messages = [{"role": "user", "content": TEXT}]
    with client.chat.completions.stream(model="model", messages=messages) as stream:
        final = stream.get_final_completion()
    choice = final.choices[0]
    return {
        "text": (choice.message.content or "") + (choice.message.refusal or ""),
        "calls": [said_call(call) for call in choice.message.tool_calls or []],
        "finish": choice.finish_reason,
        "usage": openai_usage(final.usage, "prompt", "completion"),
    }


def responses(url):
    import openai

    client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    with client.responses.stream(model="model", input=TEXT) as stream:
        ended = None
        for event in stream:
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                ended = event.response
    if ended is None:
        raise RuntimeError("the stream has no end")
    content = [part for item in ended.output if item.type == "message" for part in item.content]
    calls = []
    for item in ended.output:
        if item.type == "function_call":
            calls.append({"name": item.name, "input": item.arguments})
        elif item.type == "custom_tool_call":
            calls.append({"name": item.name, "input": item.input})
    details = ended.incomplete_details
    return {
        "text": "".join(part.refusal if part.type == "refusal" else part.text for part in content),
        "calls": calls,
        "finish": ended.status if details is None else f"{ended.status}: {details.reason}",
        "usage": openai_usage(ended.usage, "input", "output"),
    }


def messages(url):
    import anthropic

    client = anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0)
    asked = [{"role": "user", "content": TEXT}]
    inputs = {}
    with client.messages.stream(model="model", max_tokens=9, messages=asked) as stream:
        for event in stream:
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                inputs[event.index] = inputs.get(event.index, "") + event.delta.partial_json
        final = stream.get_final_message()
    # The helper keeps what it has when a stream ends early; the end of the message tells.
    if final.stop_reason is None:
        raise RuntimeError("the message has no stop reason")
    details = getattr(final.usage, "output_tokens_details", None)
    return {
        "text": "".join(block.text for block in final.content if block.type == "text"),
        "calls": [
            {"name": block.name, "input": inputs.get(index) or "{}", "parsed": block.input}
            for index, block in enumerate(final.content)
            if block.type == "tool_use"
        ],
        "finish": final.stop_reason,
        "usage": {
            "input": final.usage.input_tokens,
            "output": final.usage.output_tokens,
            "cacheRead": final.usage.cache_read_input_tokens,
            "cacheWrite": final.usage.cache_creation_input_tokens,
            "reasoning": getattr(details, "thinking_tokens", None),
        },
    }


def gemini(url):
    from google import genai
    from google.genai import types

    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=url))
    chunks = list(client.models.generate_content_stream(model="model", contents=TEXT))
    candidates = [
        candidate
        for chunk in chunks
        for candidate in chunk.candidates or []
        if (candidate.index or 0) == 0
    ]
    parts = [
        part
        for candidate in candidates
        if candidate.content is not None
        for part in candidate.content.parts or []
    ]
    answered = {part.function_response.id for part in parts if part.function_response is not None}
    calls = [
        part.function_call
        for part in parts
        if part.function_call is not None
        and (part.function_call.id is None or part.function_call.id not in answered)
    ]
    finishes = [candidate.finish_reason for candidate in candidates if candidate.finish_reason is not None]
    blocks = [chunk.prompt_feedback for chunk in chunks if chunk.prompt_feedback is not None]
    usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata is not None]
    if not finishes and not blocks:
        raise RuntimeError("the stream has no finish reason")
    usage = usages[-1] if usages else None
    return {
        "text": "".join(part.text or "" for part in parts if not part.thought),
        "calls": [
            {
                "name": call.name,
                "input": json.dumps(call.args or {}, ensure_ascii=False, separators=(",", ":")),
            }
            for call in calls
        ],
        "finish": f"blocked: {blocks[-1].block_reason.value}" if blocks else finishes[-1].value,
        "usage": {
            "input": getattr(usage, "prompt_token_count", None),
            "toolPrompt": getattr(usage, "tool_use_prompt_token_count", None),
            "output": getattr(usage, "candidates_token_count", None),
            "total": getattr(usage, "total_token_count", None),
            "cacheRead": getattr(usage, "cached_content_token_count", None),
            "reasoning": getattr(usage, "thoughts_token_count", None),
        },
    }


HELPERS = {
    "openai-chat": chat,
    "openai-responses": responses,
    "anthropic-messages": messages,
    "gemini": gemini,
}

for line in sys.stdin:
    job = json.loads(line)
    try:
        result = {"told": HELPERS[job["client"]](job["url"])}
    except Exception as raised:  # every failure is a result
        result = {"told": None, "error": f"{type(raised).__name__}: {raised}"[:600]}
    print(json.dumps(result), flush=True)
