"""What a call returned decides how its operation ends. The caller gets the object that the SDK made.

Only a plain generator, which can't be observed in place, is replaced, by one that does what it does.
"""

from __future__ import annotations

from functools import partial
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Final, cast

from .. import guard
from ..records import define
from ..telemetry import operation as operations
from ..telemetry.life import Reading
from ..telemetry.operation import Operation
from .contract import Api, Parser, Provider, Raw, Streamed
from .generators import observe_async_generator, observe_generator
from .hooks import hook_close, hook_parse, hook_read
from .streams import StreamWatch, watch_chunks

_GENERATORS: Final = (GeneratorType, AsyncGeneratorType)


def conclude(operation: Operation, api: Api, provider: Provider, result: object) -> object:
    """End the operation, or arrange that the stream or the raw response ends it; return what the caller gets."""
    seen = provider.look(result)
    if seen is None:
        if result.__class__ in _GENERATORS:
            watch = open_watch(operation, api)
            observe = observe_generator if isinstance(result, GeneratorType) else observe_async_generator
            return observe(cast("Any", result), lambda: watch)
        operation.finish(partial(api.read_answer, result))
    elif isinstance(seen, Streamed):
        watch = open_watch(operation, api)
        for closer, name in seen.closed_by:
            hook_close(closer, watch, name)
        watch_chunks(seen, watch)
    else:
        _conclude_raw(operation, api, provider, seen)
    return result


def open_watch(operation: Operation, api: Api) -> StreamWatch:
    """Who ends the operation of a stream, and reads it meanwhile."""
    watch = StreamWatch(operation)
    _read_with(watch, operation, api)
    return watch


def _read_with(watch: StreamWatch, operation: Operation, api: Api) -> None:
    if api.open_stream is not None:
        watch.read_with(api.open_stream(operation.wants_text))


def _conclude_raw(operation: Operation, api: Api, provider: Provider, raw: Raw) -> None:
    """The caller decides whether, when and how the body is read.

    An operation is over when the body is there; else when the caller parses it (or drains the stream that ``parse()``
    returns), or closes it.
    """
    answer = partial(_read_loaded, api, raw)
    if raw.is_over:
        operation.finish(answer)
        return
    watch = StreamWatch(operation)
    watch.answer = answer

    def parsed(result: object, own_type: bool) -> None:
        seen = provider.look(result)
        if isinstance(seen, Streamed):
            _read_with(watch, operation, api)
            watch_chunks(seen, watch)
        else:
            watch.answer = answer if own_type else partial(api.read_answer, result)
            watch.drained()

    hook_close(raw.http, watch, "close", "aclose")
    hook_read(raw.http, watch)
    if raw.parsed_by is not None:
        hook_parse(raw.parsed_by, watch, parsed)


def _read_loaded(api: Api, raw: Raw) -> Reading | None:
    body = raw.read_body() if api.reads_json else raw.read_bytes()
    return api.read_answer(body) if body is not None else None


@define
class WatchedParser:
    """The SDK's own parser. An answer that it can't parse was given, and is billed, all the same."""

    parse: Parser

    def __call__(self, answer: object) -> object:
        """What ``parse`` makes of it."""
        try:
            return self.parse(answer)
        except BaseException:
            guard.run("unparsed", note_unparsed, answer)
            raise


def watch_parser(parser: Parser) -> Parser:
    """``parser``, watched once: a retry may come with the options of the attempt before."""
    return parser if isinstance(parser, WatchedParser) else WatchedParser(parser)


def note_unparsed(answer: object) -> None:
    """Keep the answer for the end of the operation. A raw response is parsed outside of any: its body is read."""
    operation = operations.current()
    if operation is not None:
        operation.unparsed = answer
