"""Every form of call, with the synchronous client; of any type, as a neighbour may have made what it returns."""

from __future__ import annotations

from typing import Any, Final

from .asked import CHAT, CHAT_STREAM, EMBEDDINGS, FAULT, RESPONSE, Forms, See, TheAppsOwn, Warranty

FORMS: Final = Forms()


@FORMS.whole
def chat(client: Any, see: See) -> None:
    see(client.chat.completions.create(**CHAT))


@FORMS.whole
def chat_stream(client: Any, see: See) -> None:
    stream = client.chat.completions.create(**CHAT_STREAM)
    see(stream)
    for chunk in stream:
        see(chunk)


@FORMS.whole
def chat_stream_in_block(client: Any, see: See) -> None:
    with client.chat.completions.create(**CHAT_STREAM) as stream:
        see(stream)
        for chunk in stream:
            see(chunk)


@FORMS.partial
def chat_stream_block_left(client: Any, see: See) -> None:
    with client.chat.completions.create(**CHAT_STREAM) as stream:
        for chunk in stream:
            see(chunk)
            break
    see(stream.response.is_closed)


@FORMS.partial
def chat_stream_block_raises(client: Any, see: See) -> None:
    stream = client.chat.completions.create(**CHAT_STREAM)
    try:
        with stream:
            for chunk in stream:
                see(chunk)
                raise TheAppsOwn("has seen enough")
    finally:
        see(stream.response.is_closed)


@FORMS.partial
def chat_stream_closed(client: Any, see: See) -> None:
    stream = client.chat.completions.create(**CHAT_STREAM)
    see(next(stream))
    see(stream.close())
    see(stream.response.is_closed)


@FORMS.partial
def chat_stream_dropped(client: Any, see: See) -> None:
    see(next(iter(client.chat.completions.create(**CHAT_STREAM))))


@FORMS.partial
def chat_stream_breaks(client: Any, see: See) -> None:
    for chunk in client.chat.completions.create(**CHAT_STREAM, extra_headers={FAULT: "stream_error"}):
        see(chunk)


@FORMS.partial
def chat_stream_hangs_up(client: Any, see: See) -> None:
    for chunk in client.chat.completions.create(**CHAT_STREAM, extra_headers={FAULT: "hang_up"}):
        see(chunk)


@FORMS.whole
def chat_raw(client: Any, see: See) -> None:
    raw = client.chat.completions.with_raw_response.create(**CHAT)
    see(raw)
    see(raw.headers["content-type"])
    see(raw.parse())
    see(raw.parse())


@FORMS.whole
def chat_raw_stream(client: Any, see: See) -> None:
    raw = client.chat.completions.with_raw_response.create(**CHAT_STREAM)
    see(raw)
    for chunk in raw.parse():
        see(chunk)


@FORMS.whole
def chat_streaming_response(client: Any, see: See) -> None:
    with client.chat.completions.with_streaming_response.create(**CHAT) as response:
        see(response)
        see(response.parse())


@FORMS.whole
def chat_streaming_response_stream(client: Any, see: See) -> None:
    with client.chat.completions.with_streaming_response.create(**CHAT_STREAM) as response:
        for chunk in response.parse():
            see(chunk)


@FORMS.partial
def chat_streaming_response_lines(client: Any, see: See) -> None:
    with client.chat.completions.with_streaming_response.create(**CHAT_STREAM) as response:
        see(len(list(response.iter_lines())))


@FORMS.whole
def chat_parse(client: Any, see: See) -> None:
    see(client.chat.completions.parse(**CHAT, response_format=Warranty))


@FORMS.whole
def chat_parse_cut(client: Any, see: See) -> None:
    see(client.chat.completions.parse(**CHAT, response_format=Warranty, max_completion_tokens=1))


@FORMS.whole
def chat_manager(client: Any, see: See) -> None:
    with client.chat.completions.stream(**CHAT, stream_options={"include_usage": True}) as stream:
        see(stream)
        for event in stream:
            see(event)
        see(stream.get_final_completion())


@FORMS.partial
def chat_manager_left(client: Any, see: See) -> None:
    with client.chat.completions.stream(**CHAT) as stream:
        see(next(iter(stream)))


@FORMS.partial
def chat_refused(client: Any, see: See) -> None:
    see(client.chat.completions.create(**CHAT, stop=["x"], extra_headers={FAULT: "no such fault"}))


@FORMS.whole
def chat_retried(client: Any, see: See) -> None:
    see(client.chat.completions.create(**CHAT, extra_headers={FAULT: "rate_limit"}))


@FORMS.partial
def chat_with_wrong_arguments(client: Any, see: See) -> None:
    see(client.chat.completions.create(model="gpt-4o-mini"))


@FORMS.whole
def chat_with_messages_from_a_generator(client: Any, see: See) -> None:
    see(client.chat.completions.create(model=CHAT["model"], messages=(message for message in CHAT["messages"])))


@FORMS.whole
def responses(client: Any, see: See) -> None:
    see(client.responses.create(**RESPONSE))


@FORMS.whole
def responses_stream(client: Any, see: See) -> None:
    stream = client.responses.create(**RESPONSE, stream=True)
    see(stream)
    for event in stream:
        see(event)


@FORMS.partial
def responses_stream_block_left(client: Any, see: See) -> None:
    with client.responses.create(**RESPONSE, stream=True) as stream:
        see(next(stream))


@FORMS.whole
def responses_raw(client: Any, see: See) -> None:
    raw = client.responses.with_raw_response.create(**RESPONSE)
    see(raw)
    see(raw.parse())


@FORMS.whole
def responses_raw_stream(client: Any, see: See) -> None:
    raw = client.responses.with_raw_response.create(**RESPONSE, stream=True)
    for event in raw.parse():
        see(event)


@FORMS.whole
def responses_parse(client: Any, see: See) -> None:
    see(client.responses.parse(**RESPONSE, text_format=Warranty))


@FORMS.whole
def responses_manager(client: Any, see: See) -> None:
    with client.responses.stream(**RESPONSE) as stream:
        see(stream)
        for event in stream:
            see(event)
        see(stream.get_final_response())


@FORMS.whole
def embeddings(client: Any, see: See) -> None:
    see(client.embeddings.create(**EMBEDDINGS))


@FORMS.whole
def embeddings_as_floats(client: Any, see: See) -> None:
    see(client.embeddings.create(**EMBEDDINGS, encoding_format="float"))


@FORMS.whole
def embeddings_raw(client: Any, see: See) -> None:
    raw = client.embeddings.with_raw_response.create(**EMBEDDINGS)
    see(raw)
    see(raw.parse())
