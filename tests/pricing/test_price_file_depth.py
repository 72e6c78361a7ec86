"""How deep a price file may nest is for us to say: no parser's limit or message is seen, whatever its version."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_genai_instr.pricing import UserFileError
from otel_genai_instr.pricing.files.price_file import read_price_file

MANY = 100_000  # more than any parser takes

TOO_DEEP = {
    "lists": (".yaml", "[" * MANY, 1),
    "lists in a list": (".yaml", "- " * MANY, 1),
    "mappings": (".yaml", "{a: " * MANY, 1),
    "indented mappings": (".yaml", "".join(" " * level + "a:\n" for level in range(1_900)), 13),
    "lists on lines of their own": (".yaml", "[\n" * MANY, 13),
    "lists that end": (".yaml", "[" * MANY + "]" * MANY, 1),
    "what follows letters of several bytes": (".yaml", "name: äöü€\nprices: " + "[" * MANY, 2),
    "what is no YAML further on": (".yaml", "[" * 13 + "}", 1),
    "JSON": (".json", '{"a":' * MANY, 1),
    "JSON on lines of its own": (".json", '{"a":\n' * MANY, 13),
    "JSON that ends": (".json", '{"prices":\n' + "[" * 50 + "]" * 50 + "}", 2),
}


@pytest.mark.parametrize("kind", TOO_DEEP)
def test_too_deep_is_said_in_our_words(kind: str, tmp_path: Path) -> None:
    suffix, text, line = TOO_DEEP[kind]
    path = tmp_path / f"prices{suffix}"
    path.write_text(text)

    with pytest.raises(UserFileError) as raised:
        read_price_file(path)
    assert str(raised.value) == f"{path}, line {line}: nested too deep; at most 12 levels are understood"


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_levels_are_counted_alike(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"prices{suffix}"
    path.write_text("[" * 12 + "]" * 12)
    assert read_price_file(path).data == [[[[[[[[[[[[]]]]]]]]]]]]

    path.write_text("[" * 13 + "]" * 13)
    with pytest.raises(UserFileError, match="nested too deep; at most 12 levels"):
        read_price_file(path)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_brackets_in_a_text_are_no_levels(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"prices{suffix}"
    path.write_text('{"name": "' + "[{" * 50 + '\\"[", "currency": "EUR"}')

    assert read_price_file(path).data == {"name": "[{" * 50 + '"[', "currency": "EUR"}
