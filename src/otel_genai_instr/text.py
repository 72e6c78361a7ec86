"""Text that every exporter can carry."""

from __future__ import annotations


def encodable(text: str) -> str:
    """``text`` as a plain string without lone surrogates: a single one would lose the whole export batch.

    A member of an enumeration of strings is its value: that is what an SDK sends, and not its name.
    """
    if type(text) is not str:
        text = str.__str__(text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def class_name(kind: type) -> str:
    """The canonical name of a class: with its module, but for those that Python has built in."""
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
