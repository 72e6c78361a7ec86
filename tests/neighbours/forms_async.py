"""Every form of call, with the asynchronous client; of any type, as a neighbour may have made what it returns."""

from __future__ import annotations

from typing import Any, Final

from .asked import CHAT, CHAT_STREAM, EMBEDDINGS, FAULT, RESPONSE, Forms, See, TheAppsOwn, Warranty

FORMS: Final = Forms()


@FORMS.whole
async def async_chat(client: Any, see: See) -> None:
    see(await client.chat.completions.create(**CHAT))


@FORMS.whole
async def async_chat_stream(client: Any, see: See) -> None:
    stream = await client.chat.completions.create(**CHAT_STREAM)
    see(stream)
    async for chunk in stream:
        see(chunk)


@FORMS.whole
async def async_chat_stream_in_block(client: Any, see: See) -> None:
    async with await client.chat.completions.create(**CHAT_STREAM) as stream:
        see(stream)
        async for chunk in stream:
            see(chunk)


@FORMS.partial
async def async_chat_stream_block_left(client: Any, see: See) -> None:
    async with await client.chat.completions.create(**CHAT_STREAM) as stream:
        async for chunk in stream:
            see(chunk)
            break
    see(stream.response.is_closed)


@FORMS.partial
async def async_chat_stream_block_raises(client: Any, see: See) -> None:
    stream = await client.chat.completions.create(**CHAT_STREAM)
    try:
        async with stream:
            async for chunk in stream:
                see(chunk)
                raise TheAppsOwn("has seen enough")
    finally:
        see(stream.response.is_closed)


@FORMS.partial
async def async_chat_stream_closed(client: Any, see: See) -> None:
    stream = await client.chat.completions.create(**CHAT_STREAM)
    see(await anext(stream))
    see(await stream.close())
    see(stream.response.is_closed)


@FORMS.partial
async def async_chat_stream_dropped(client: Any, see: See) -> None:
    see(await anext(aiter(await client.chat.completions.create(**CHAT_STREAM))))


@FORMS.partial
async def async_chat_stream_breaks(client: Any, see: See) -> None:
    async for chunk in await client.chat.completions.create(**CHAT_STREAM, extra_headers={FAULT: "stream_error"}):
        see(chunk)


@FORMS.partial
async def async_chat_stream_hangs_up(client: Any, see: See) -> None:
    async for chunk in await client.chat.completions.create(**CHAT_STREAM, extra_headers={FAULT: "hang_up"}):
        see(chunk)


@FORMS.whole
async def async_chat_raw(client: Any, see: See) -> None:
    raw = await client.chat.completions.with_raw_response.create(**CHAT)
    see(raw)
    see(raw.headers["content-type"])
    see(raw.parse())
    see(raw.parse())


@FORMS.whole
async def async_chat_raw_stream(client: Any, see: See) -> None:
    raw = await client.chat.completions.with_raw_response.create(**CHAT_STREAM)
    see(raw)
    async for chunk in raw.parse():
        see(chunk)


@FORMS.whole
async def async_chat_streaming_response(client: Any, see: See) -> None:
    async with client.chat.completions.with_streaming_response.create(**CHAT) as response:
        see(response)
        see(await response.parse())


@FORMS.whole
async def async_chat_streaming_response_stream(client: Any, see: See) -> None:
    async with client.chat.completions.with_streaming_response.create(**CHAT_STREAM) as response:
        async for chunk in await response.parse():
            see(chunk)


@FORMS.partial
async def async_chat_streaming_response_lines(client: Any, see: See) -> None:
    async with client.chat.completions.with_streaming_response.create(**CHAT_STREAM) as response:
        see(len([line async for line in response.iter_lines()]))


@FORMS.whole
async def async_chat_parse(client: Any, see: See) -> None:
    see(await client.chat.completions.parse(**CHAT, response_format=Warranty))


@FORMS.whole
async def async_chat_parse_cut(client: Any, see: See) -> None:
    see(await client.chat.completions.parse(**CHAT, response_format=Warranty, max_completion_tokens=1))


@FORMS.whole
async def async_chat_manager(client: Any, see: See) -> None:
    async with client.chat.completions.stream(**CHAT, stream_options={"include_usage": True}) as stream:
        see(stream)
        async for event in stream:
            see(event)
        see(await stream.get_final_completion())


@FORMS.partial
async def async_chat_manager_left(client: Any, see: See) -> None:
    async with client.chat.completions.stream(**CHAT) as stream:
        see(await anext(aiter(stream)))


@FORMS.partial
async def async_chat_refused(client: Any, see: See) -> None:
    see(await client.chat.completions.create(**CHAT, stop=["x"], extra_headers={FAULT: "no such fault"}))


@FORMS.whole
async def async_chat_retried(client: Any, see: See) -> None:
    see(await client.chat.completions.create(**CHAT, extra_headers={FAULT: "rate_limit"}))


@FORMS.partial
async def async_chat_with_wrong_arguments(client: Any, see: See) -> None:
    see(await client.chat.completions.create(model="gpt-4o-mini"))


@FORMS.whole
async def async_chat_with_messages_from_a_generator(client: Any, see: See) -> None:
    see(await client.chat.completions.create(model=CHAT["model"], messages=(message for message in CHAT["messages"])))


@FORMS.whole
async def async_responses(client: Any, see: See) -> None:
    see(await client.responses.create(**RESPONSE))


@FORMS.whole
async def async_responses_stream(client: Any, see: See) -> None:
    stream = await client.responses.create(**RESPONSE, stream=True)
    see(stream)
    async for event in stream:
        see(event)


@FORMS.partial
async def async_responses_stream_block_left(client: Any, see: See) -> None:
    async with await client.responses.create(**RESPONSE, stream=True) as stream:
        see(await anext(stream))


@FORMS.whole
async def async_responses_raw(client: Any, see: See) -> None:
    raw = await client.responses.with_raw_response.create(**RESPONSE)
    see(raw)
    see(raw.parse())


@FORMS.whole
async def async_responses_raw_stream(client: Any, see: See) -> None:
    raw = await client.responses.with_raw_response.create(**RESPONSE, stream=True)
    async for event in raw.parse():
        see(event)


@FORMS.whole
async def async_responses_parse(client: Any, see: See) -> None:
    see(await client.responses.parse(**RESPONSE, text_format=Warranty))


@FORMS.whole
async def async_responses_manager(client: Any, see: See) -> None:
    async with client.responses.stream(**RESPONSE) as stream:
        see(stream)
        async for event in stream:
            see(event)
        see(await stream.get_final_response())


@FORMS.whole
async def async_embeddings(client: Any, see: See) -> None:
    see(await client.embeddings.create(**EMBEDDINGS))


@FORMS.whole
async def async_embeddings_as_floats(client: Any, see: See) -> None:
    see(await client.embeddings.create(**EMBEDDINGS, encoding_format="float"))


@FORMS.whole
async def async_embeddings_raw(client: Any, see: See) -> None:
    raw = await client.embeddings.with_raw_response.create(**EMBEDDINGS)
    see(raw)
    see(raw.parse())
