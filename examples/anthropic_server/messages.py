"""POST /v1/messages, plain and streamed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from model_server.answers import Prompt, Reply, answer, fingerprint
from model_server.tokens import Json, count, pieces

from . import content
from .cache import CacheUse
from .requests import prompt_of, tools_of

_SNAPSHOTS = {
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
}
_WITHOUT_GEO = re.compile(r"claude-(\d|[a-z]+-4-[0-5](\D|$))")
"""Models from before the API told where it computes."""


class Message:
    """One request and the message that answers it."""

    def __init__(self, body: Json, cache: CacheUse) -> None:
        self._body = body
        self._cache = cache
        self._speech = _Speech(body["max_tokens"], body.get("stop_sequences") or ())
        prompt = prompt_of(body)
        reply = answer(prompt)
        self._thinking_tokens = 0
        self._searched: list[content.Block] = []
        self._blocks = list(self._content(prompt, reply))
        self._stop_reason = self._speech.stopped_by or ("tool_use" if reply.tool_uses else "end_turn")

    def output_tokens(self) -> int:
        """All tokens of the answer; those of its thinking as well, shown or not."""
        return self._speech.said

    def plain(self) -> Json:
        """The message in one piece."""
        return self._head() | {
            "content": [block.whole for block in self._blocks],
            "stop_reason": self._stop_reason,
            "stop_sequence": self._speech.stop_sequence,
            "usage": self._usage(self.output_tokens()) | self._final_usage(),
        }

    def events(self) -> Iterator[Json]:
        """The events of the stream. Its usage is told twice: what is known at first, and the sums at the end."""
        yield {"type": "message_start", "message": self._head() | {"usage": self._usage(min(1, self.output_tokens()))}}
        for index, block in enumerate(self._blocks):
            yield from block.events(index)
        delta = {"stop_reason": self._stop_reason, "stop_sequence": self._speech.stop_sequence}
        yield {"type": "message_delta", "delta": delta, "usage": self._final_usage()}
        yield {"type": "message_stop"}

    def _content(self, prompt: Prompt, reply: Reply) -> Iterator[content.Block]:
        question = next((turn.text for turn in reversed(prompt.turns) if turn.role == "user"), "")
        config: Json = self._body.get("thinking") or {"type": "disabled"}
        if config["type"] != "disabled":
            thought = self._speech.say(pieces(f"I look for what I was told about this: {question}"))
            self._thinking_tokens = len(thought)
            yield content.thinking(thought, shown=config.get("display") != "omitted")
        searches = any(tool.get("type", "").startswith("web_search") for tool in tools_of(self._body))
        if searches and not reply.tool_uses and (query := self._speech.say(content.search_tokens(question))):
            self._searched = content.web_search(question, query)
            yield from self._searched
        if reply.text and (said := self._speech.say_text(reply.text)):
            yield content.text(said)
        for use in reply.tool_uses:
            if tokens := self._speech.say(pieces(use.arguments)):
                yield content.tool_use(use, tokens)

    def _head(self) -> Json:
        model: str = self._body["model"]
        return {
            "model": _SNAPSHOTS.get(model, model),
            "id": f"msg_{fingerprint(self._body)}",
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }

    def _input(self) -> Json:
        written = self._cache.written
        return {
            "input_tokens": self._cache.fresh,
            "cache_creation_input_tokens": sum(written.values()),
            "cache_read_input_tokens": self._cache.read,
        }

    def _usage(self, output_tokens: int) -> Json:
        speed: Json = {"speed": self._body["speed"]} if self._body.get("speed") else {}
        return {
            **self._input(),
            "cache_creation": {
                "ephemeral_5m_input_tokens": self._cache.written["5m"],
                "ephemeral_1h_input_tokens": self._cache.written["1h"],
            },
            "output_tokens": output_tokens,
            "service_tier": "standard",
            "inference_geo": self._geo(),
            **speed,
        }

    def _final_usage(self) -> Json:
        """The sums. What a search found is read by the model too, so the input has grown since the beginning."""
        usage = self._input() | {"output_tokens": self.output_tokens()}
        if self._searched:
            usage["input_tokens"] += sum(count(json.dumps(block.whole)) for block in self._searched)
            usage["server_tool_use"] = {"web_search_requests": 1, "web_fetch_requests": 0}
        if self._thinking_tokens:
            usage["output_tokens_details"] = {"thinking_tokens": self._thinking_tokens}
        return usage

    def _geo(self) -> str:
        if _WITHOUT_GEO.match(self._body["model"]):
            return "not_available"
        return self._body.get("inference_geo") or "global"


class _Speech:
    """Counts what is said, and stops where the request says so."""

    def __init__(self, limit: int, stop_sequences: Sequence[str]) -> None:
        self._limit = limit
        self._stop_sequences = stop_sequences
        self.said = 0
        self.stop_sequence: str | None = None
        self.stopped_by: str | None = None

    def say(self, tokens: Sequence[str]) -> Sequence[str]:
        """As many of these tokens as there is room for."""
        left = self._limit - self.said
        if len(tokens) > left:
            self.stopped_by = "max_tokens"
        self.said += min(left, len(tokens))
        return tokens[:left]

    def say_text(self, words: str) -> Sequence[str]:
        """The same up to the first stop sequence, which is not said."""
        found = {words.index(stop): stop for stop in self._stop_sequences if stop in words}
        end = min(found, default=None)
        tokens = self.say(pieces(words[:end]))
        if end is not None and self.stopped_by is None:
            self.stopped_by, self.stop_sequence = "stop_sequence", found[end]
        return tokens
