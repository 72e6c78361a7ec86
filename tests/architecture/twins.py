"""Finds functions that say the same thing twice, once with ``await`` and once without."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

_SHORT: Final = 4
"""Statements below which two functions may well look alike."""
_ALIKE: Final = 0.8

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Pair:
    """A sync and an async function that are alike."""

    sync: str
    other: str
    lines: int
    """Of the longer one, without its signature."""


class _WithoutAwait(ast.NodeTransformer):
    """The synchronous way to say the same."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        # Its fields are those of a function, in the same order; which there are depends on the Python.
        parts: list[Any] = [getattr(node, name) for name in node._fields]
        return ast.FunctionDef(*parts)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        self.generic_visit(node)
        return ast.With(items=node.items, body=node.body)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        self.generic_visit(node)
        return ast.For(target=node.target, iter=node.iter, body=node.body, orelse=node.orelse)


def twins(functions: Iterable[tuple[str, Function]]) -> Iterator[Pair]:
    """Pairs of a sync and an async function whose bodies are nearly equal once ``await`` is taken away."""
    named = [(name, function, _plain(function)) for name, function in functions]
    for name, function, lines in named:
        if isinstance(function, ast.AsyncFunctionDef):
            continue
        for other_name, other, other_lines in named:
            if isinstance(other, ast.AsyncFunctionDef) and _alike(lines, other_lines):
                yield Pair(name, other_name, max(len(lines), len(other_lines)))


def _plain(function: Function) -> list[str]:
    """The lines of its body, in the synchronous way, without docstrings."""
    (body,) = ast.fix_missing_locations(_WithoutAwait().visit(ast.parse(ast.unparse(function)))).body
    assert isinstance(body, ast.FunctionDef)
    statements = body.body[1:] if ast.get_docstring(body) is not None else body.body
    text = "\n".join(ast.unparse(statement) for statement in statements)
    return re.sub(r"\b(a|async_?)(?=(next|close|iter|enter|exit|read)\b)|Async", "", text).splitlines()


def _alike(lines: list[str], others: list[str]) -> bool:
    if min(len(lines), len(others)) < _SHORT:
        return False
    return difflib.SequenceMatcher(None, lines, others, autojunk=False).ratio() >= _ALIKE
