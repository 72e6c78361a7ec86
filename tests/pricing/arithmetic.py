"""Arithmetic that is written in data: decimal numbers, ``+ - * /`` and brackets, nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

_OPERATIONS: Final[Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: Decimal.__add__,
    ast.Sub: Decimal.__sub__,
    ast.Mult: Decimal.__mul__,
    ast.Div: Decimal.__truediv__,
}


def evaluate(text: str) -> Decimal:
    """Work out the text exactly as it is written: ``2.50`` is the decimal number, not the nearest float.

    Raises ``ValueError`` for anything but arithmetic, ``decimal.DivisionByZero`` as the arithmetic does.
    """
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"not arithmetic: {text!r}") from error
    return _value(tree.body, text)


def _value(node: ast.expr, text: str) -> Decimal:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left, text), _value(node.right, text))
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Decimal(ast.get_source_segment(text, node) or "")
    raise ValueError(f"not arithmetic: {ast.get_source_segment(text, node)!r} in {text!r}")
