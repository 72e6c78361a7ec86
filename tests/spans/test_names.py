"""Whatever an app gives as a name is text: what can't be said as text is left out, and never fails the request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest

import otel_genai_instr as genai
from otel_genai_instr import text

from ..support.capture import Capture

untyped: Any = genai


class Lazy:
    """A translation that is looked up when somebody needs it, as in Django: no string, but it can be said."""

    def __init__(self, say: Callable[[], Any]) -> None:
        self._say = say

    def __str__(self) -> str:
        return self._say()


class Disguised(Lazy):
    """A lazy object that takes itself for what it stands for: to ``isinstance`` it is a string."""

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return str


class Raises:
    def __str__(self) -> str:
        raise RuntimeError("no database in this thread")


class NoText:
    def __str__(self) -> Any:
        return 42  # noqa: PLE0307


class Asked:
    """Fails as soon as somebody asks what it is."""

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise RuntimeError("outside of a request")

    __str__ = Raises.__str__


class Plan(Enum):
    GOLD = "gold"
    BARE = 7


class Tier(IntEnum):
    FIRST = 1


class Model(str, Enum):  # noqa: UP042  # as many apps write it
    MINI = "gpt-4o-mini"


class Safe(str):
    """As templates mark what needs no escaping."""


SAID: Final[dict[str, tuple[Any, str]]] = {
    "int": (42, "42"),
    "float": (4.5, "4.5"),
    "bool": (True, "True"),
    "decimal": (Decimal("1.50"), "1.50"),
    "large int": (2**80, "1208925819614629174706176"),
    "uuid": (UUID("12345678123456781234567812345678"), "12345678-1234-5678-1234-567812345678"),
    "bytes": (b"u-42", "u-42"),
    "bytes that are no text": (b"\xff", "�"),
    "bytearray": (bytearray(b"u-42"), "u-42"),
    "lazy": (Lazy(lambda: "später"), "später"),
    "lazy and marked": (Lazy(lambda: Safe("a")), "a"),
    "disguised": (Disguised(lambda: "u-42"), "u-42"),
    "not encodable": (Lazy(lambda: "\ud800"), "?"),
    "enumeration": (Plan.GOLD, "gold"),
    "enumeration without text": (Plan.BARE, "Plan.BARE"),
    "enumeration of numbers": (Tier.FIRST, "1"),
    "enumeration of strings": (Model.MINI, "gpt-4o-mini"),
    "marked": (Safe("u-42"), "u-42"),
}
SPEECHLESS: Final = [Raises, NoText, Asked]


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_speechless", set[type]())


@pytest.fixture
def on(capture: Capture) -> Capture:
    capture.instrument(metric_dimensions=("app.feature",))
    return capture


@pytest.mark.parametrize("case", SAID)  # by name: a disguised one takes in even those who name tests
def test_who_asked_is_text(on: Capture, case: str) -> None:
    given, said = SAID[case]
    with (
        genai.attribute(
            user_id=given,
            session_id=given,
            conversation_id=given,
            feature=given,
            tenant=given,
            tags=[given, "b"],
            propagate=True,
        ),
        genai.inference("openai", "gpt-4o"),
    ):
        pass
    attributes = on.attributes()
    names = ("user.id", "session.id", "gen_ai.conversation.id", "app.feature", "app.tenant")
    assert {name: attributes[name] for name in names} == dict.fromkeys(names, said)
    assert attributes["app.tags"] == (said, "b")
    assert all(type(attributes[name]) is str for name in names)
    (point,) = on.metrics()["gen_ai.client.inference.duration"]
    assert point["attributes"]["app.feature"] == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (3, 3),
        (0.5, 0.5),
        (True, True),
        (Tier.FIRST, 1),
        (-(2**63), "-9223372036854775808"),
        (2**63, "9223372036854775808"),
        (Decimal("1.50"), "1.50"),
        (Plan.GOLD, "gold"),
        ([1, Plan.GOLD, None], ("1", "gold")),
        ({"b"}, ("b",)),
        ({"a": 1}, "{'a': 1}"),
        ("", ""),
    ],
)
def test_attributes_of_your_own_stay_numbers_where_they_are(on: Capture, given: Any, said: object) -> None:
    with genai.attribute(plan=given), genai.step("s"):
        pass
    assert on.attributes() == {"app.plan": said}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("beta", ("beta",)),
        (7, ("7",)),
        (Lazy(lambda: "beta"), ("beta",)),
        pytest.param(Disguised(lambda: "beta"), ("beta",), id="disguised"),
        ({"beta": 1}.keys(), ("beta",)),
        ((str(tag) for tag in (1, 2)), ("1", "2")),
        ([None, "beta"], ("beta",)),
    ],
)
def test_tags_are_what_is_in_the_list_or_the_only_one(on: Capture, given: Any, said: object) -> None:
    with genai.attribute(tags=given), genai.step("s"):
        pass
    assert on.attributes() == {"app.tags": said}


@pytest.mark.parametrize("kind", SPEECHLESS)
def test_what_has_no_text_is_left_out_with_one_warning(
    on: Capture, kind: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "otel_genai_instr"), genai.attribute(user_id="somebody else"):
        for _ in range(3):
            with genai.attribute(user_id=kind(), feature="search", tags=[kind(), "b"], plan=kind()), genai.step("s"):
                pass
    assert [span.attributes for span in on.spans()] == [{"app.feature": "search", "app.tags": ("b",)}] * 3
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("otel-genai-instr: user_id is left out: ")
    assert record.exc_info is None


BLOCKS: Final[dict[str, tuple[Any, str | None, str]]] = {
    "workflow": (genai.workflow, "gen_ai.workflow.name", "invoke_workflow"),
    "agent": (genai.agent, "gen_ai.agent.name", "invoke_agent"),
    "tool": (genai.tool, "gen_ai.tool.name", "execute_tool"),
    "retrieval": (genai.retrieval, "gen_ai.data_source.id", "retrieval"),
    "rerank": (genai.rerank, "gen_ai.request.model", "rerank"),
    "guardrail": (genai.guardrail, None, "guardrail"),
    "inference": (partial(untyped.inference, "openai"), "gen_ai.request.model", "chat"),
    "embeddings": (partial(untyped.embeddings, "openai"), "gen_ai.request.model", "embeddings"),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_names_of_blocks(on: Capture, block: str) -> None:
    make, attribute, operation = BLOCKS[block]
    for given in (UUID(int=7), Plan.GOLD, Raises(), Asked()):
        with make(given):
            pass
    names = ["00000000-0000-0000-0000-000000000007", "gold"]
    assert [span.name for span in on.spans()] == [f"{operation} {name}" for name in names] + [operation] * 2
    if attribute is not None:
        assert [(span.attributes or {}).get(attribute) for span in on.spans()] == [*names, None, None]


def test_what_is_said_of_a_call(on: Capture) -> None:
    said = Lazy(lambda: "later")
    with untyped.inference(
        said, "m", server_address=said, conversation_id=UUID(int=7), stop_sequences=[said, b"x"], service_tier=Plan.GOLD
    ) as call:
        call.response(id=UUID(int=8), model=Model.MINI, finish_reasons=[Plan.GOLD])
    expected = {
        "gen_ai.provider.name": "later",
        "server.address": "later",
        "gen_ai.conversation.id": "00000000-0000-0000-0000-000000000007",
        "gen_ai.request.stop_sequences": ("later", "x"),
        "gen_ai.response.id": "00000000-0000-0000-0000-000000000008",
        "gen_ai.response.model": "gpt-4o-mini",
        "gen_ai.response.finish_reasons": ("gold",),
    }
    attributes = on.attributes()
    assert {name: attributes.get(name) for name in expected} == expected


def test_a_provider_without_text_is_another_one(on: Capture) -> None:
    with untyped.inference(Raises(), "m"):
        pass
    assert on.attributes()["gen_ai.provider.name"] == "other"


def test_prompts(on: Capture) -> None:
    template = Lazy(lambda: "Review {code}")
    with untyped.prompt(Plan.GOLD, version=3, template=template) as prompt, genai.inference("openai", "gpt-4o"):
        assert prompt.render(code="x") == "Review x"
    with untyped.prompt(Raises(), version=NoText(), template="a \ud800 {code}") as prompt:
        assert prompt.render(code="x") == "a \ud800 x", "what goes to the model stays as it is"
        with genai.inference("openai", "gpt-4o"):
            pass
    first, second = (
        {name: value for name, value in (span.attributes or {}).items() if "prompt" in name} for span in on.spans()
    )
    assert (first["gen_ai.prompt.name"], first["gen_ai.prompt.version"]) == ("gold", "3")
    assert list(second) == ["otel_genai.prompt.fingerprint"]
