"""Stories of how much content is recorded: by blocks, by a function of the app's, by a sample, of failures."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import otel_genai_instr as genai
from otel_genai_instr import Redaction
from otel_genai_instr.settings import CallSeen

from ..support import answers
from ..support.canaries import Kept
from ..support.provider import FakeProvider, Reply, json_reply
from .stories import Story, told

CHAT: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Look"}],
}
LONG: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 2_000_000}]}],
}
KEY: Final = "k" * 32


def _asked(arguments: dict[str, Any]) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        client: Any = provider.client()
        with contextlib.suppress(ValueError), genai.tool("look", arguments={"at": "sky"}):
            raise ValueError("at sky")
        return told(client.chat.completions.create(**arguments))

    return tell


def _in_a_block(provider: FakeProvider) -> object:
    with genai.content("full"):
        return _asked(CHAT)(provider)


def _everything(_call: CallSeen) -> str:
    return "full"


def _answered() -> list[Reply]:
    return [json_reply(answers.chat())]


def _refused() -> list[Reply]:
    return [json_reply({"error": {"message": "Look is no question", "type": "invalid_request_error"}}, status=400)]


# One of nearly each kind, and what only looks like it.
PERSONAL: Final = (
    "ann@example.com, +44 20 7946 0958, 4012 8888 8888 1881, GB82 WEST 1234 5698 7654 32, 10.2.3.4, 078-05-1120, "
    "046-454-286, 2341 2341 2346, 529.982.247-25, 86 095 742 719, AB 12 34 56 C, 2 55 08 14 168 025 38, 12345678Z, "
    "MRTMTT91D08F205J, 11010519491231002X, Bearer abcdef0123456789, ghp_0123456789012345678901234567890123456789, "
    "https://ann:secret@example.com/, f47ac10b-58cc-4372-a567-0e02b2c3d479, \u0661\u0662\u0663, B-123456"
)
TOOL_CALL: Final = {
    "id": "c1",
    "type": "function",
    "function": {"name": "look", "arguments": '{"at": "ann@example.com", "key": "s", "n": 4012888888881881}'},
}
ASKED: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "user", "content": PERSONAL},
        {"role": "assistant", "tool_calls": [TOOL_CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"ann@example.com": 1.0, "bob@example.com": 2}'},
    ],
}


def _about_people(provider: FakeProvider) -> object:
    with genai.attribute(user_id="ann@example.com"):
        return _asked(ASKED)(provider)


def _as_it_is(text: str) -> str:
    return text


def _slow(text: str) -> str:
    time.sleep(0.02)
    return text


def _failing(text: str) -> str:
    raise RuntimeError(text)


def _redacting(*functions: Callable[[str], str], seconds: float = 0.5) -> Callable[[], dict[str, Any]]:
    redaction = Redaction(
        patterns={"badge": "B-[0-9]{6}"},
        paths={"look": ["$.key", "$..at[0]"], "*": ["$.n"], "gen_ai.retrieval.documents": ["$[*].text"]},
        functions=functions,
        seconds=seconds,
    )
    return lambda: {"content": "full", "redact": redaction, "pseudonym_keys": (KEY,), "record": "both"}


def _sealed() -> dict[str, Any]:
    from cryptography.fernet import Fernet

    key = Fernet.generate_key().decode()
    return {"content": "full", "content_store": "memory://calls", "content_store_keys": (key,)}


def _in_a_folder() -> dict[str, Any]:
    return {"content": "full", "content_store": tempfile.mkdtemp()}


def _hooked() -> dict[str, Any]:
    Kept.calls.clear()
    return {"content": "full", "completion_hook": "Kept"}


HAS_HOOKS: Final = find_spec("opentelemetry.util.genai") is not None
_HOOKED: Final = (Story("content for a hook", _answered, _asked(ASKED), _hooked),) if HAS_HOOKS else ()

CONTENT_STORIES: Final = (
    Story(
        "digest",
        _answered,
        _asked(CHAT),
        lambda: {"content": "digest", "content_key": KEY, "content_preview": 5},
    ),
    Story("digest of a long question", _answered, _asked(LONG), lambda: {"content": "digest", "content_key": KEY}),
    Story("content in a block", _answered, _in_a_block, lambda: {"capture_content": None}),
    Story("content that the app chooses", _answered, _asked(CHAT), lambda: {"content_for": _everything}),
    Story("content of a share of traces", _answered, _asked(CHAT), lambda: {"content": "none", "content_sample": 0.5}),
    Story("content of a failure", _refused, _asked(CHAT), lambda: {"content": "none", "content_on_error": "full"}),
    Story("content that is redacted", _answered, _about_people, _redacting()),
    Story("content that a function redacts", _answered, _about_people, _redacting(_as_it_is)),
    Story("content that is redacted too slowly", _answered, _about_people, _redacting(_slow, seconds=0.01)),
    Story("content that can't be redacted", _refused, _about_people, _redacting(_failing)),
    Story("content that can't be redacted at all", _refused, _about_people, lambda: {"content": "full", "redact": "?"}),
    Story("content that is stored", _answered, _asked(CHAT), _sealed),
    Story("content that is stored in a folder", _answered, _asked(CHAT), _in_a_folder),
    *_HOOKED,
)
