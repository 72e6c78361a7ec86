"""The blocks that an answer consists of, each whole and as the events of a stream tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model_server.answers import ToolUse, fingerprint
from model_server.tokens import Json, pieces

_CALLER = {"type": "direct"}


@dataclass(frozen=True, slots=True)
class Block:
    """One content block."""

    begun: Json
    """As the stream begins it."""
    deltas: Sequence[Json]
    whole: Json

    def events(self, index: int) -> Iterator[Json]:
        """What the stream says of it."""
        yield {"type": "content_block_start", "index": index, "content_block": self.begun}
        if index == 0:
            yield {"type": "ping"}
        for delta in self.deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}


def text(tokens: Sequence[str]) -> Block:
    """What the model says."""
    begun = {"type": "text", "text": ""}
    return Block(begun, [{"type": "text_delta", "text": token} for token in tokens], begun | {"text": "".join(tokens)})


def thinking(tokens: Sequence[str], shown: bool) -> Block:
    """What the model thinks; where it isn't shown, only the signature is left."""
    said = tokens if shown else ()
    thought = "".join(said)
    signature = f"sig_{fingerprint(''.join(tokens))}"
    begun = {"type": "thinking", "thinking": "", "signature": ""}
    deltas: list[Json] = [{"type": "thinking_delta", "thinking": token} for token in said]
    deltas.append({"type": "signature_delta", "signature": signature})
    return Block(begun, deltas, begun | {"thinking": thought, "signature": signature})


def tool_use(use: ToolUse, tokens: Sequence[str]) -> Block:
    """A tool that the app shall run. Its input comes in pieces that are no JSON by themselves."""
    call_id = f"toolu_{use.id.removeprefix('call_')}"
    return _use({"type": "tool_use", "id": call_id, "name": use.name, "input": {}, "caller": _CALLER}, tokens)


def web_search(query: str, tokens: Sequence[str]) -> list[Block]:
    """A search that the service itself has made, and the one page that it found."""
    call_id = f"srvtoolu_{fingerprint(query)}"
    use: Json = {"type": "server_tool_use", "id": call_id, "name": "web_search", "input": {}, "caller": _CALLER}
    page = {
        "type": "web_search_result",
        "title": "A page about it",
        "url": "https://example.com/page",
        "encrypted_content": fingerprint([query, "page"]),
        "page_age": None,
    }
    result: Json = {"type": "web_search_tool_result", "tool_use_id": call_id, "content": [page], "caller": _CALLER}
    return [_use(use, tokens), Block(result, (), result)]


def search_tokens(query: str) -> list[str]:
    """The input of a search, in tokens."""
    return pieces(json.dumps({"query": query}))


def _use(begun: Json, tokens: Sequence[str]) -> Block:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *tokens)]
    try:
        given: Json = json.loads("".join(tokens))
    except ValueError:  # cut off by max_tokens
        given = {}
    return Block(begun, deltas, begun | {"input": given})
