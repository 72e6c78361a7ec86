"""What a span says that was asked, as far as it is whole. What is missing or was altered is said, never filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

from ..model import Blob, Message, Part, Reasoning, Text, ToolCall, ToolCallResponse, Uri
from ..reports.traces.trace import TraceSpan
from ..semconv import attributes as names
from ..semconv import own, values
from ..settings import CONTENT, CONTENT_MAX_BYTES
from .exceptions import NotReplayable

_CUT: Final = re.compile(r"… \[[\d,]+ characters cut\] …")
_MARK: Final = re.compile(r"\[[a-z][a-z0-9]*(?:_[a-z0-9]+)*\](?![(\[:])")
"""What redaction leaves: the name of a detector or of a pattern, or ``[masked]``."""
_KEPT: Final = "conv_"
"""How the ids of conversations begin that OpenAI keeps."""
_SHOWN_MARKS: Final = 5
_CLOUDS: Final = ("aws.bedrock", "gcp.vertex_ai", "azure.ai.inference")
"""Where the SDK of Anthropic reaches its models by clients of their own."""


class Api(StrEnum):
    """How a model is asked."""

    CHAT_COMPLETIONS = "chat_completions"
    RESPONSES = "responses"
    MESSAGES = "messages"
    """Of Anthropic."""

    @property
    def sdk(self) -> str:
        """The package that asks so."""
        return "anthropic" if self is Api.MESSAGES else "openai"


@dataclass
class CapturedCall:
    """What was asked, and what came of it."""

    span: TraceSpan
    api: Api
    provider: str
    """Value of ``gen_ai.provider.name``."""
    address: str | None
    """Host that answered."""
    model: str
    instructions: list[Text]
    messages: list[Message]
    tools: list[Mapping[str, Any]]
    """Functions: ``name``, ``description``, ``parameters``."""
    parameters: dict[str, Any]
    """By the conventions' names: temperature, limits, ..."""
    tier: str | None
    previous_response: str | None
    """What the provider keeps of the conversation until then; only its own API can go on from it."""
    notes: list[str] = field(default_factory=list[str])
    """What is not as it was."""

    @property
    def input_tokens(self) -> int | None:
        """As the provider counted them."""
        return self.span.cells.get("input_tokens")

    @property
    def output_tokens(self) -> int | None:
        """The same of the answer."""
        return self.span.cells.get("output_tokens")


PARAMETERS: Final = {
    "max_tokens": names.REQUEST_MAX_TOKENS,
    "temperature": names.REQUEST_TEMPERATURE,
    "top_p": names.REQUEST_TOP_P,
    "top_k": names.REQUEST_TOP_K,
    "n": names.REQUEST_CHOICE_COUNT,
    "seed": names.REQUEST_SEED,
    "stop": names.REQUEST_STOP_SEQUENCES,
    "frequency_penalty": names.REQUEST_FREQUENCY_PENALTY,
    "presence_penalty": names.REQUEST_PRESENCE_PENALTY,
    "reasoning": names.REQUEST_REASONING_LEVEL,
}
"""What can be asked for beside messages, by the names that people say, and where a span has it."""


def has_content(span: TraceSpan) -> bool:
    """Whether a span tells what a model was asked."""
    return names.INPUT_MESSAGES in span.attributes


def captured(span: TraceSpan) -> CapturedCall:
    """Read what was asked.

    Raises:
        NotReplayable: says all that is missing, cut off, or can't be asked again.
    """
    told = span.attributes
    mistakes = list(_reasons_against(span))
    content = span.content
    messages: list[Message] = []
    instructions: list[Text] = []
    tools: list[Mapping[str, Any]] = []
    if not mistakes:
        messages = [
            _message(each, place, mistakes) for place, each in enumerate(_listed(content, names.INPUT_MESSAGES), 1)
        ]
        instructions = _instructions(_listed(content, names.SYSTEM_INSTRUCTIONS), mistakes)
        tools = [
            each for tool in _listed(content, names.TOOL_DEFINITIONS) if (each := _tool(tool, mistakes)) is not None
        ]
        mistakes += _missing(told, messages, content)
    if mistakes:
        raise NotReplayable(*dict.fromkeys(mistakes))
    provider = str(told.get(names.PROVIDER_NAME) or span.cells.get("provider") or "openai")
    call = CapturedCall(
        span=span,
        api=_api_of(told, provider),
        provider=provider,
        address=_text(told.get(names.SERVER_ADDRESS)),
        model=str(told.get(names.REQUEST_MODEL) or span.cells.get("model")),
        instructions=instructions,
        messages=messages,
        tools=tools,
        parameters={name: told[attribute] for name, attribute in PARAMETERS.items() if attribute in told},
        tier=_text(told.get(names.OPENAI_REQUEST_SERVICE_TIER)),
        previous_response=_text(told.get(names.REQUEST_PREVIOUS_RESPONSE_ID)),
    )
    call.notes += _unlike(call)
    return call


def _api_of(told: Mapping[str, Any], provider: str) -> Api:
    said = told.get(names.OPENAI_API_TYPE)
    if said == values.API_RESPONSES:
        return Api.RESPONSES
    is_anthropic = said is None and provider in (Api.MESSAGES.sdk, *_CLOUDS)
    return Api.MESSAGES if is_anthropic else Api.CHAT_COMPLETIONS


def _reasons_against(span: TraceSpan) -> Iterator[str]:
    told = span.attributes
    operation = told.get(names.OPERATION_NAME) or span.cells.get("operation")
    if operation != values.CHAT:
        yield f"{operation or span.name} is not asked again; chats are"
        return
    if not span.is_whole:
        yield "the span is not in its file any more: what was said in it is gone"
        return
    if (withheld := told.get(own.CONTENT_WITHHELD)) is not None:
        yield f"what was said was withheld when it was recorded: {withheld}"
    elif not has_content(span):
        tier = told.get(own.CONTENT_TIER)
        yield f"what was said was not captured{f' (tier {tier})' if tier else ''}; {CONTENT}=full captures it"
    if cut := told.get(own.CONTENT_CUT_BYTES):
        yield f"{cut:,} bytes of what was said were cut off when it was recorded; {CONTENT_MAX_BYTES} is the limit"
    is_kept = str(told.get(names.CONVERSATION_ID)).startswith(_KEPT)  # an app may call its own ones as it likes
    if is_kept and told.get(names.OPENAI_API_TYPE) == values.API_RESPONSES:
        yield "it belongs to a conversation that the provider keeps, and asking again would add to that"
    if told.get(names.OUTPUT_TYPE) in (values.OUTPUT_IMAGE, values.OUTPUT_SPEECH):
        yield f"it asked for {told[names.OUTPUT_TYPE]}, and replay compares texts"


def _missing(told: Mapping[str, Any], messages: list[Message], content: Mapping[str, Any]) -> Iterator[str]:
    if not messages:
        yield "no message is recorded: the provider keeps the prompt, or nothing was said"
    count = told.get(own.INPUT_MESSAGE_COUNT)
    is_turns = told.get(names.OPENAI_API_TYPE) == values.API_RESPONSES  # of which one may be several items
    if isinstance(count, int) and messages and not is_turns and count != len(messages):
        yield f"{count:,} messages were sent, and {len(messages):,} are recorded"
    asked = {name: value for name, value in content.items() if name != names.OUTPUT_MESSAGES}
    if _CUT.search(json.dumps(asked, ensure_ascii=False)):
        yield "a text was cut in its middle when it was recorded"


def _unlike(call: CapturedCall) -> Iterator[str]:
    told = call.span.attributes
    said = json.dumps([call.span.said(names.INPUT_MESSAGES), call.span.said(names.SYSTEM_INSTRUCTIONS)])
    if marks := sorted(set(_MARK.findall(said))):
        shown = ", ".join(marks[:_SHOWN_MARKS]) + (", ..." if len(marks) > _SHOWN_MARKS else "")
        yield f"perhaps redacted: it says {shown}, and is sent so"
    if told.get(names.OUTPUT_TYPE) == values.OUTPUT_JSON:
        yield "JSON was asked for, and by which schema isn't recorded: it is not asked for"
    if call.tools:
        yield "which tool had to be called, and strict schemas, aren't recorded: the model is free"
    if call.api is Api.MESSAGES and (told.get(names.USAGE_REASONING_OUTPUT_TOKENS) or 0) > 0:
        yield "how much it might think isn't recorded: it is asked without"
    cached = (names.USAGE_CACHE_READ_INPUT_TOKENS, names.USAGE_CACHE_WRITE_INPUT_TOKENS)
    if call.api is Api.MESSAGES and any(told.get(name) for name in cached):
        yield "marks for the cache aren't recorded: nothing is read from it"


def _listed(content: Mapping[str, Any], name: str) -> list[Any]:
    value = content.get(name)
    return cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]


def _message(said: Any, place: int, mistakes: list[str]) -> Message:
    message = _mapping(said)
    role = message.get("role")
    if role == "cut":
        mistakes.append("messages were cut off when it was recorded")
    elif role not in ("user", "assistant", "system", "developer", "tool"):
        mistakes.append(f"message {place} has the role {role!r}, which can't be sent")
    parts = [_part(_mapping(part), f"message {place}", mistakes) for part in message.get("parts") or ()]
    return Message(str(role), [part for part in parts if part is not None], _text(message.get("name")))


def _part(part: Mapping[str, Any], where: str, mistakes: list[str]) -> Part | None:
    kind, content = part.get("type"), part.get("content")
    identity = _text(part.get("id"))
    if kind == "text" and isinstance(content, str):
        return Text(content)
    if kind == "reasoning":
        return Reasoning(content if isinstance(content, str) else "")
    if kind == "tool_call":
        return ToolCall(str(part.get("name")), identity, part.get("arguments"))
    if kind == "tool_call_response":
        return ToolCallResponse(part.get("response", part.get("result")), identity)
    if kind == "uri":
        return Uri(str(part.get("modality")), str(part.get("uri")), _text(part.get("mime_type")))
    if kind == "blob" and content:
        return Blob(str(part.get("modality")), str(content), _text(part.get("mime_type")))
    if kind == "blob":
        size = part.get("size")
        about = f" of {size:,} bytes" if isinstance(size, int) else ""
        mistakes.append(f"{where} has {part.get('modality')}{about}, of which only a digest is recorded")
    elif kind == "cut":
        mistakes.append(f"of {where} something was cut off when it was recorded")
    else:
        mistakes.append(f"{where} has a part {kind!r} that can't be rebuilt")
    return None


def _instructions(parts: list[Any], mistakes: list[str]) -> list[Text]:
    read = [_part(_mapping(part), "the system prompt", mistakes) for part in parts]
    if any(part is not None and not isinstance(part, Text) for part in read):
        mistakes.append("the system prompt has something else than text")
    return [part for part in read if isinstance(part, Text)]


def _tool(said: Any, mistakes: list[str]) -> Mapping[str, Any] | None:
    tool = _mapping(said)
    if tool.get("type") == "function":
        return tool
    what = "tools were cut off when it was recorded" if tool.get("type") == "cut" else None
    kind = tool.get("type")
    mistakes.append(
        what or f"the tool {tool.get('name') or kind} of type {kind} can't be rebuilt: its options aren't recorded"
    )
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
