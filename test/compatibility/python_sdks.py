"""The vendors' Python SDKs against a running gateway.

    python python_sdks.py GATEWAY_URL KEY openai|anthropic|genai

Prints one JSON line for each check: {"check": name, "failed": null | reason}. Exit code 0 says only that all of them ran.
"""

import json
import sys
import traceback

URL, KEY, FAMILY = sys.argv[1:4]
WRONG_KEY = "tgw-sk-wrong-0123456789abcdefghijk"
ECHOED = "You said: hello there"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def equal(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def openai_checks():
    import openai

    client = openai.OpenAI(api_key=KEY, base_url=f"{URL}/v1", max_retries=0)
    stranger = openai.OpenAI(api_key=WRONG_KEY, base_url=f"{URL}/v1", max_retries=0)
    messages = [{"role": "user", "content": "hello there"}]
    chat_tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    tools = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]

    @check
    def chat_whole():
        answer = client.chat.completions.create(model="loopback", messages=messages)
        equal(answer.choices[0].message.content, ECHOED)
        equal(answer.choices[0].finish_reason, "stop")
        equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    @check
    def chat_streamed():
        text, usage = "", None
        for chunk in client.chat.completions.create(
            model="loopback", messages=messages, stream=True, stream_options={"include_usage": True}
        ):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
            usage = chunk.usage or usage
        equal(text, ECHOED)
        assert usage is not None and usage.completion_tokens > 0

    @check
    def chat_stream_helper():
        with client.chat.completions.stream(model="loopback", messages=messages) as stream:
            stream.until_done()
            equal(stream.get_final_completion().choices[0].message.content, ECHOED)

    @check
    def chat_tool_turn():
        first = client.chat.completions.create(model="loopback-agent", messages=messages, tools=chat_tools)
        message = first.choices[0].message
        equal(first.choices[0].finish_reason, "tool_calls")
        call = message.tool_calls[0]
        assert "city" in json.loads(call.function.arguments)
        result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        second = client.chat.completions.create(
            model="loopback-agent",
            messages=[*messages, message.model_dump(exclude_none=True), result],
            tools=chat_tools,
        )
        equal(second.choices[0].message.content, "The tool answered: sunny")

    @check
    def chat_tool_streamed():
        with client.chat.completions.stream(
            model="loopback-agent", messages=messages, tools=chat_tools
        ) as stream:
            stream.until_done()
            final = stream.get_final_completion()
        equal(final.choices[0].message.tool_calls[0].function.name, "weather")

    @check
    def responses_whole():
        answer = client.responses.create(model="loopback", input="hello there", store=False)
        equal(answer.output_text, ECHOED)
        equal(answer.status, "completed")

    @check
    def responses_streamed():
        text, kinds = "", []
        for event in client.responses.create(
            model="loopback", input="hello there", store=False, stream=True
        ):
            kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
        equal(text, ECHOED)
        equal((kinds[0], kinds[-1]), ("response.created", "response.completed"))

    @check
    def responses_stream_helper():
        with client.responses.stream(model="loopback", input="hello there", store=False) as stream:
            stream.until_done()
            equal(stream.get_final_response().output_text, ECHOED)

    @check
    def responses_tool_turn():
        user = {"role": "user", "content": "hello there"}
        first = client.responses.create(model="loopback-agent", input=[user], tools=tools, store=False)
        call = next(item for item in first.output if item.type == "function_call")
        assert "city" in json.loads(call.arguments)
        history = [
            user,
            {
                "type": "function_call",
                "call_id": call.call_id,
                "name": call.name,
                "arguments": call.arguments,
            },
            {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"},
        ]
        second = client.responses.create(model="loopback-agent", input=history, tools=tools, store=False)
        equal(second.output_text, "The tool answered: sunny")

    @check
    def embeddings_in_base64_by_default():
        packed = client.embeddings.create(model="loopback-embedding", input=["one", "two"])
        plain = client.embeddings.create(
            model="loopback-embedding", input=["one", "two"], encoding_format="float"
        )
        equal(len(packed.data), 2)
        for mine, theirs in zip(packed.data, plain.data):
            equal(len(mine.embedding), len(theirs.embedding))
            assert all(abs(a - b) < 1e-5 for a, b in zip(mine.embedding, theirs.embedding))

    @check
    def models():
        assert "loopback" in [model.id for model in client.models.list()]
        equal(client.models.retrieve("loopback-agent").id, "loopback-agent")
        raised(openai.NotFoundError, lambda: client.models.retrieve("nope"))

    @check
    def wrong_key():
        error = raised(
            openai.AuthenticationError,
            lambda: stranger.chat.completions.create(model="loopback", messages=messages),
        )
        equal((error.status_code, error.code), (401, "invalid_api_key"))

    @check
    def unknown_model():
        error = raised(
            openai.NotFoundError, lambda: client.chat.completions.create(model="nope", messages=messages)
        )
        equal((error.status_code, error.code), (404, "model_not_found"))

    @check
    def invalid_body():
        error = raised(
            openai.BadRequestError, lambda: client.chat.completions.create(model="loopback", messages="x")
        )
        equal((error.status_code, error.type), (400, "invalid_request_error"))


def anthropic_checks():
    import anthropic

    client = anthropic.Anthropic(api_key=KEY, base_url=URL, max_retries=0)
    stranger = anthropic.Anthropic(api_key=WRONG_KEY, base_url=URL, max_retries=0)
    messages = [{"role": "user", "content": "hello there"}]
    body = {"model": "loopback", "max_tokens": 200, "messages": messages}
    agent = {**body, "model": "loopback-agent", "tools": [{"name": "weather", "input_schema": SCHEMA}]}

    @check
    def messages_whole():
        answer = client.messages.create(**body)
        equal(answer.content[0].text, ECHOED)
        equal(answer.stop_reason, "end_turn")
        assert answer.usage.output_tokens > 0

    @check
    def messages_streamed():
        text, kinds = "", []
        for event in client.messages.create(**body, stream=True):
            kinds.append(event.type)
            if event.type == "content_block_delta":
                text += event.delta.text
        equal(text, ECHOED)
        equal((kinds[0], kinds[-1]), ("message_start", "message_stop"))

    @check
    def messages_stream_helper():
        with client.messages.stream(**body) as stream:
            equal("".join(stream.text_stream), ECHOED)
            equal(stream.get_final_message().stop_reason, "end_turn")

    @check
    def tool_turn():
        first = client.messages.create(**agent)
        equal(first.stop_reason, "tool_use")
        call = next(block for block in first.content if block.type == "tool_use")
        assert "city" in call.input
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        history = [
            *messages,
            {"role": "assistant", "content": [block.to_dict() for block in first.content]},
            {"role": "user", "content": [result]},
        ]
        second = client.messages.create(**{**agent, "messages": history})
        equal(second.content[0].text, "The tool answered: sunny")

    @check
    def tool_streamed():
        with client.messages.stream(**agent) as stream:
            final = stream.get_final_message()
        assert "city" in next(block for block in final.content if block.type == "tool_use").input

    @check
    def count_tokens():
        assert client.messages.count_tokens(model="loopback", messages=messages).input_tokens > 0

    @check
    def models():
        listed = [model.id for model in client.models.list(limit=1)]
        assert "loopback" in listed and "loopback-agent" in listed, listed
        equal(len(listed), len(set(listed)))
        equal(client.models.retrieve("loopback").id, "loopback")

    @check
    def wrong_key():
        error = raised(anthropic.AuthenticationError, lambda: stranger.messages.create(**body))
        equal(error.status_code, 401)

    @check
    def unknown_model():
        error = raised(
            anthropic.NotFoundError, lambda: client.messages.create(**{**body, "model": "nope"})
        )
        equal(error.body["error"]["type"], "not_found_error")

    @check
    def invalid_body():
        error = raised(
            anthropic.BadRequestError, lambda: client.messages.create(**{**body, "messages": "x"})
        )
        equal(error.body["error"]["type"], "invalid_request_error")


def genai_checks():
    from google import genai
    from google.genai import errors, types

    options = types.HttpOptions(base_url=URL)
    client = genai.Client(api_key=KEY, http_options=options)
    stranger = genai.Client(api_key=WRONG_KEY, http_options=options)
    hello = types.Content(role="user", parts=[types.Part(text="hello there")])
    config = types.GenerateContentConfig(
        tools=[
            types.Tool(
                function_declarations=[
                    types.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
                ]
            )
        ]
    )

    @check
    def generate_whole():
        answer = client.models.generate_content(model="loopback", contents="hello there")
        equal(answer.text, ECHOED)
        equal(answer.candidates[0].finish_reason, types.FinishReason.STOP)
        assert answer.usage_metadata.candidates_token_count > 0

    @check
    def generate_streamed():
        chunks = list(client.models.generate_content_stream(model="loopback", contents="hello there"))
        equal("".join(chunk.text or "" for chunk in chunks), ECHOED)
        assert len(chunks) > 2

    @check
    def chat():
        session = client.chats.create(model="loopback")
        equal(session.send_message("hello there").text, ECHOED)
        equal(session.send_message("again").text, "You said: again")

    @check
    def tool_turn():
        first = client.models.generate_content(model="loopback-agent", contents=[hello], config=config)
        call = first.function_calls[0]
        assert "city" in call.args
        result = types.Part(
            function_response=types.FunctionResponse(
                id=call.id, name=call.name, response={"output": "sunny"}
            )
        )
        second = client.models.generate_content(
            model="loopback-agent",
            contents=[hello, first.candidates[0].content, types.Content(role="user", parts=[result])],
            config=config,
        )
        assert "sunny" in second.text, second.text

    @check
    def tool_streamed():
        calls = []
        for chunk in client.models.generate_content_stream(
            model="loopback-agent", contents=[hello], config=config
        ):
            calls.extend(chunk.function_calls or [])
        equal([call.name for call in calls], ["weather"])

    @check
    def a_python_function_is_called_by_the_sdk():
        def weather(city: str) -> str:
            """The weather."""
            return f"sunny in {city}"

        answer = client.models.generate_content(
            model="loopback-agent",
            contents="hello there",
            config=types.GenerateContentConfig(tools=[weather]),
        )
        assert "sunny in" in answer.text, answer.text

    @check
    def embeddings():
        answer = client.models.embed_content(model="loopback-embedding", contents=["one", "two"])
        equal(len(answer.embeddings), 2)
        assert answer.embeddings[0].values != answer.embeddings[1].values

    @check
    def count_tokens():
        assert client.models.count_tokens(model="loopback", contents="hello there").total_tokens > 0

    @check
    def models():
        listed = [model.name for model in client.models.list(config={"page_size": 1})]
        assert "models/loopback" in listed and "models/loopback-agent" in listed, listed
        equal(client.models.get(model="loopback").name, "models/loopback")

    @check
    def wrong_key():
        error = raised(
            errors.ClientError,
            lambda: stranger.models.generate_content(model="loopback", contents="x"),
        )
        equal((error.code, error.status), (401, "UNAUTHENTICATED"))

    @check
    def unknown_model():
        error = raised(
            errors.ClientError, lambda: client.models.generate_content(model="nope", contents="x")
        )
        equal((error.code, error.status), (404, "NOT_FOUND"))

    @check
    def invalid_body():
        error = raised(
            errors.ClientError,
            lambda: client.models.generate_content(
                model="loopback",
                contents="x",
                config=types.GenerateContentConfig.model_construct(max_output_tokens="many"),
            ),
        )
        equal((error.code, error.status), (400, "INVALID_ARGUMENT"))


{"openai": openai_checks, "anthropic": anthropic_checks, "genai": genai_checks}[FAMILY]()
for one in CHECKS:
    failed = None
    try:
        one()
    except BaseException as error:  # a failed check must not hide the others
        last = traceback.extract_tb(error.__traceback__)[-1]
        failed = f"{type(error).__name__}: {error} ({last.name}:{last.lineno})"[:600]
    print(json.dumps({"check": one.__name__, "failed": failed}), flush=True)
