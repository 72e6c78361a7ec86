"""The "model": it quotes the sentences that fit the question best, and asks for a tool where one fits.

What it says depends on the prompt alone: no chance, no clock, no memory.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_IDENTIFIER = re.compile(r"\b[A-Za-z]+-?\d+\b")
_NUMBER = re.compile(r"\d+")
_STEM = 5
_NOTHING_FOUND = "I was told nothing about this: {}"
_STOP_WORDS = """
a after an and any are as at be but by can could did do does for from get give had has have how i if in is it
its me my no not of on or our please so still than that the their them then there they this to us was we what
when where which who why will with would you your
"""
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the prompt, as text."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the application offers."""

    name: str
    parameters: Mapping[str, Any]
    """Its JSON schema."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that an answer may depend on."""

    turns: Sequence[Turn]
    tools: Sequence[Tool] = ()
    tool_choice: str = "auto"
    """``auto``, ``none``, ``required``, or the name of the tool that must be called."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema of a structured answer."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The model's wish to have a tool run."""

    id: str
    name: str
    arguments: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers: text, or tools to run."""

    text: str = ""
    tool_uses: Sequence[ToolUse] = field(default=())


def answer(prompt: Prompt, choice: int = 0) -> Reply:
    """The reply to a prompt. ``choice`` asks for the second, third ... best one."""
    question = next((turn.text for turn in reversed(prompt.turns) if turn.role == "user"), "")
    results = _tool_results(prompt.turns)
    if not results and (uses := _tool_uses(prompt, question)):
        return Reply(tool_uses=uses)
    text = " ".join([*map(_in_words, results), *_quotes(prompt.turns, question, choice)]) or _NOTHING_FOUND.format(
        question
    )
    if prompt.schema is not None:
        return Reply(json.dumps(_fill(prompt.schema, question, text)))
    return Reply(text)


def _tool_results(turns: Sequence[Turn]) -> list[str]:
    """What the tools returned since the user spoke last."""
    results: list[str] = []
    for turn in reversed(turns):
        if turn.role == "user":
            break
        if turn.role == "tool":
            results.insert(0, turn.text)
    return results


def _tool_uses(prompt: Prompt, question: str) -> list[ToolUse]:
    """One call for each thing that the question names, of the first tool that it speaks about."""
    if prompt.tool_choice == "none":
        return []
    asked = set(_stems(question))
    for tool in prompt.tools:
        forced = prompt.tool_choice in ("required", tool.name)
        things = _things(tool, question)
        if forced or (things and asked & set(_stems(tool.name.replace("_", " ")))):
            return [_tool_use(tool, question, thing) for thing in things or [question]]
    return []


def _things(tool: Tool, question: str) -> list[str]:
    kinds = {str(schema.get("type")) for schema in _properties(tool.parameters).values()}
    pattern = _IDENTIFIER if "string" in kinds else _NUMBER
    return list(dict.fromkeys(pattern.findall(question)))


def _tool_use(tool: Tool, question: str, thing: str) -> ToolUse:
    arguments = json.dumps(_fill(tool.parameters, question, thing))
    return ToolUse(f"call_{fingerprint([tool.name, arguments])}", tool.name, arguments)


def _fill(schema: Mapping[str, Any], question: str, text: str) -> object:
    """A value that fits the schema and says ``text`` where it may say something."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _fill(part, question, text) for name, part in _properties(schema).items()}
        case "array":
            return [_fill(schema.get("items", {}), question, text)]
        case "integer" | "number":
            return int(number[0]) if (number := _NUMBER.search(text) or _NUMBER.search(question)) else 0
        case "boolean":
            return bool(text)
        case "null":
            return None
        case _:
            return text


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return schema.get("properties", {})


def _quotes(turns: Sequence[Turn], question: str, choice: int) -> list[str]:
    """One or two sentences of the prompt, those that share the rarest words with the question."""
    spoken = [turn.text for turn in turns if turn.role in ("system", "developer", "user")]
    sentences = [part.strip() for text in spoken for part in _SENTENCE_END.split(text)]
    sentences = [part for part in dict.fromkeys(sentences) if part.count(" ") > 1 and part not in question]
    stems = [set(_stems(sentence)) for sentence in sentences]
    spread = Counter(stem for found in stems for stem in found)
    asked = set(_stems(question))
    scores = [sum(1 / spread[stem] for stem in asked & found) for found in stems]
    enough = max(scores, default=0) / 2
    ranked = sorted((at for at, score in enumerate(scores) if score > enough), key=lambda at: (-scores[at], at))
    return [sentences[at] for at in sorted(ranked[choice : choice + 2])]


def _in_words(result: str) -> str:
    """What a tool returned, as a sentence."""
    try:
        value = json.loads(result)
    except ValueError:
        return result
    if not isinstance(value, dict):
        return f"The answer is {value}."
    facts = cast("dict[str, Any]", value)
    said = "; ".join(f"{name.replace('_', ' ')}: {fact}" for name, fact in facts.items())
    return f"{said[:1].upper()}{said[1:]}."


def _stems(text: str) -> list[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return [word[:_STEM].rstrip("s") for word in words if word not in _STOP]


def fingerprint(value: object) -> str:
    """A short id that depends on the value alone."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]
