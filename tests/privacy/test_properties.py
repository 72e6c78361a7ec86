"""What holds for every text and all JSON data."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from otel_genai_instr.privacy.redaction import Redaction
from otel_genai_instr.privacy.redactor import Redactor, redactor_from

from .test_detectors import FOUND, ONLY_LIKE_IT


def _redactor() -> Redactor:
    made = redactor_from(Redaction(seconds=60, paths={"*": ["$..password"], "pay": ["$.card[*]"]}))
    assert made is not None
    return made


REDACTOR = _redactor()
EXAMPLES = [text for texts in (*FOUND.values(), *ONLY_LIKE_IT.values()) for text in texts]
PIECES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(
        [" ", "", "\n", ", ", "-", ".", ":", "@", "[", "]", "[email]", '"', "\\", "\u200b", "\u00a0", "0", "a"]
    ),
    st.text(max_size=8),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)
DATA: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(TEXTS, st.sampled_from(["type", "parts", "name", "password"])), inner, max_size=4),
        inner.map(json.dumps),
    ),
    max_leaves=12,
)


@given(TEXTS)
@settings(deadline=None)
def test_a_text_that_was_redacted_has_nothing_left(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once


@given(st.text(alphabet=st.characters(categories=["L", "P", "S", "Z", "Cs"], exclude_characters="@:-."), max_size=200))
@settings(deadline=None)
def test_without_digits_and_signs_nothing_changes(text: str) -> None:
    assert REDACTOR.text(text) is text


@given(
    st.sampled_from([text for name, texts in FOUND.items() if name != "mac_address" for text in texts]), TEXTS, TEXTS
)
@settings(deadline=None)
def test_nothing_around_it_hides_it(text: str, before: str, after: str) -> None:
    redacted = REDACTOR.text(f"{before}\n{text}\n{after}")
    # The line of its own. What is around may have it, too, in the middle of a word, where it is none.
    assert f"\n{text}\n" not in f"{redacted}\n"


@given(st.dictionaries(st.sampled_from(["gen_ai.input.messages", "gen_ai.tool.call.arguments"]), DATA))
@example({"gen_ai.input.messages": [{"type": []}]})
@settings(deadline=None)
def test_data_stays_data_and_the_argument_stays_as_it_is(content: dict[str, object]) -> None:
    before = copy.deepcopy(content)
    once = REDACTOR.structure(content)
    assert repr(content) == repr(before)
    json.dumps(once)
    assert REDACTOR.structure(once) == once


@given(DATA)
@settings(deadline=None)
def test_json_stays_json(data: object) -> None:
    for text in (json.dumps(data), json.dumps(data, ensure_ascii=False, indent=2)):
        json.loads(REDACTOR.text(text))
