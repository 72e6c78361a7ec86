"""Which methods of the ``openai`` package are wrapped, and who reads their data.

Stream managers (``.stream()``) call ``create`` when they are entered, so they need no row of their own.
The supported range stands in ``REQUIREMENT``, and the packaging extra is compared with it by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...patching.methods import Api, AttemptHook, Method, Parser, Provider
from ..fields import fields_of
from . import content, requests, responses, streams
from .endpoints import read_endpoint
from .errors import read_error

REQUIREMENT: Final = "openai >= 1.55.3, < 4"

CHAT: Final = Api(
    name="chat",
    read_request=requests.read_chat_request,
    read_content=content.read_chat_content,
    read_response=responses.read_chat,
    read_details=responses.read_chat_details,
    read_output=content.read_chat_output,
    open_stream=streams.open_chat_stream,
)
RESPONSES: Final = Api(
    name="responses",
    read_request=requests.read_responses_request,
    read_content=content.read_responses_content,
    read_response=responses.read_response,
    read_details=responses.read_response_details,
    read_output=content.read_response_output,
    open_stream=streams.ResponsesStreamReader,
)
FETCH_RESPONSE: Final = Api(
    name="fetch_response",
    read_request=requests.read_retrieve_request,
    read_content=None,
    read_response=responses.read_fetched_response,
    read_details=responses.read_fetched_details,
    read_output=content.read_response_output,
    open_stream=streams.FetchedStreamReader,
    positional=("response_id",),
)
EMBEDDINGS: Final = Api(
    name="embeddings",
    read_request=requests.read_embeddings_request,
    read_content=None,
    read_response=responses.read_embeddings,
    read_details=responses.read_embeddings_details,
    read_output=content.read_no_output,
    open_stream=streams.NoStreamReader,
)

_ROWS: Final = (
    ("openai.resources.chat.completions", "Completions", "create", CHAT),
    ("openai.resources.chat.completions", "Completions", "parse", CHAT),
    # Until 1.91 the parsing methods had a class of their own, which posts directly.
    ("openai.resources.beta.chat.completions", "Completions", "parse", CHAT),
    ("openai.resources.responses", "Responses", "create", RESPONSES),
    ("openai.resources.responses", "Responses", "parse", RESPONSES),
    ("openai.resources.responses", "Responses", "retrieve", FETCH_RESPONSE),
    ("openai.resources.embeddings", "Embeddings", "create", EMBEDDINGS),
)


def _body_of_attempt(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Mapping[str, object] | None:
    """``_build_request(self, options, ...)``: what is about to be sent, with the caller's ``extra_body``."""
    options = fields_of(_options(args, kwargs))
    body = fields_of(options.get("json_data"))
    extra = fields_of(options.get("extra_json"))
    return {**body, **extra} if extra else body


def _swap_parser(args: tuple[object, ...], kwargs: Mapping[str, object], wrap: Callable[[Parser], Parser]) -> None:
    """``parse()`` and embeddings bring a parser, which the SDK calls with the answer."""
    options = _options(args, kwargs)
    parser = getattr(options, "post_parser", None)
    if callable(parser):  # if there is none, a marker stands there
        options.post_parser = wrap(parser)


def _options(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("options")


OPENAI: Final = Provider(
    methods=tuple(
        Method(module, prefix + owner, name, api, is_async=bool(prefix))
        for module, owner, name, api in _ROWS
        for prefix in ("", "Async")
    ),
    attempts=AttemptHook("openai._base_client", "BaseClient", "_build_request", _body_of_attempt, _swap_parser),
    read_endpoint=read_endpoint,
    read_error=read_error,
    ahead=(("openai._httpx2", "httpx2"),),  # of openai 2.48 and later 2.x
)
