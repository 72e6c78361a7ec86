"""Which labels a PromQL expression reads, and which its result has; complains about what cannot be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import promql_parser as promql

_STANDS_FOR: Final = {"$__rate_interval": "5m", "$__range": "6h", "$__interval": "1m"}
_SETS: Final = ("and", "unless")


class UnknownName(Exception):
    """An expression names a series or a label that nobody has."""


def parse(expression: str) -> Any:
    """The tree of an expression, in which Grafana's own variables may stand for durations.

    Raises:
        ValueError: for what is no PromQL.
    """
    for variable, duration in _STANDS_FOR.items():
        expression = expression.replace(variable, duration)
    return promql.parse(expression)


def labels_of(expression: str, series: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The labels that a result can have, of series that are known.

    Raises:
        UnknownName: for a series that isn't, and for a label that its series don't have.
        ValueError: for what is no PromQL.
    """
    return _Reader(series).labels(parse(expression))


class _Reader:
    def __init__(self, series: Mapping[str, frozenset[str]]) -> None:
        self._series: Final = series
        self._kinds: Final[Mapping[type, Callable[[Any], frozenset[str]]]] = {
            promql.VectorSelector: self._selector,
            promql.MatrixSelector: lambda node: self._selector(node.vector_selector),
            promql.AggregateExpr: self._aggregate,
            promql.BinaryExpr: self._binary,
            promql.Call: self._call,
            promql.ParenExpr: lambda node: self.labels(node.expr),
            promql.UnaryExpr: lambda node: self.labels(node.expr),
            promql.SubqueryExpr: lambda node: self.labels(node.expr),
            promql.NumberLiteral: lambda _: frozenset(),
            promql.StringLiteral: lambda _: frozenset(),
        }

    def labels(self, node: Any) -> frozenset[str]:
        return self._kinds[type(node)](node)

    def _selector(self, node: Any) -> frozenset[str]:
        matchers = node.matchers.matchers
        # A regular expression may stand for the name; a plain name is one, too.
        name: str = node.name or next(matcher.value for matcher in matchers if matcher.name == "__name__")
        meant = [labels for series, labels in self._series.items() if re.fullmatch(name, series)]
        if not meant:
            raise UnknownName(f"nobody has the series {name!r}")
        labels = frozenset[str]().union(*meant)
        self._must_have({matcher.name for matcher in matchers}, labels, name)
        return labels

    def _aggregate(self, node: Any) -> frozenset[str]:
        inside = self.labels(node.expr)
        if node.modifier is None:
            return frozenset() if str(node.op) not in ("topk", "bottomk") else inside
        named = set(node.modifier.labels)
        self._must_have(named, inside, f"what is inside of `{node.op}`")
        return frozenset(named) if node.modifier.type == promql.AggModifierType.By else inside - named

    def _binary(self, node: Any) -> frozenset[str]:
        left, right = self.labels(node.lhs), self.labels(node.rhs)
        matching = node.modifier.matching if node.modifier is not None else None
        if matching is not None:
            self._must_have(set(matching.labels), left | right, f"what `{node.op}` stands between")
        return left if str(node.op) in _SETS else left | right

    def _call(self, node: Any) -> frozenset[str]:
        name: str = node.func.name
        inside = frozenset[str]().union(*(self.labels(argument) for argument in node.args))
        if name in ("label_replace", "label_join"):
            return inside | {node.args[1].val}
        return inside - {"le"} if name == "histogram_quantile" else inside

    @staticmethod
    def _must_have(named: set[str], known: frozenset[str], where: str) -> None:
        if unknown := named - known - {"__name__"}:
            raise UnknownName(f"{where} has no label {', '.join(sorted(unknown))}")
