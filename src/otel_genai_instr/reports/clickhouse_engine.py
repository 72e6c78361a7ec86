"""ClickHouse as an engine of ibis that answers what DuckDB answers. What differs is mended here, and nowhere else."""

from __future__ import annotations

from typing import Any, Final

import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.clickhouse import Backend
from ibis.backends.sql.compilers.base import NULL
from ibis.backends.sql.compilers.clickhouse import ClickhouseAggGen, ClickHouseCompiler

SETTINGS: Final = {"join_use_nulls": 1}
"""Rows without a partner have NULL on the other side, as SQL wants it; ClickHouse's own is 0 and ''."""
_OF_NOTHING_NULL: Final = frozenset(
    {"sum", "avg", "min", "max", "any", "anyLast", "corr", "stddevSamp", "stddevPop", "varSamp", "varPop"}
)
_OF_ONE_NULL: Final = frozenset({"corr", "stddevSamp", "varSamp", "covarSamp"})


class _Aggregates(ClickhouseAggGen):
    """Of no value an aggregate is NULL, and not 0 or NaN; so is a deviation of one value."""

    def aggregate(self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: Any = ()) -> Any:
        """Name the function, and give it its values."""
        kept = f"{name}OrNull" if name in _OF_NOTHING_NULL else name
        value = super().aggregate(compiler, kept, *args, where=where, order_by=order_by)
        return compiler.if_(compiler.f.isNaN(value), NULL, value) if name in _OF_ONE_NULL else value


class _Compiler(ClickHouseCompiler):
    __slots__ = ()

    agg = _Aggregates()
    SIMPLE_OPS: Final = {
        # Estimates, with ibis.
        ops.CountDistinct: "uniqExact",
        # Of bytes, with ibis.
        ops.StringLength: "lengthUTF8",
    }

    def visit_Quantile(self, op: Any, *, arg: Any, quantile: Any, where: Any) -> Any:  # noqa: N802
        """Exact, and between two values in proportion, as ``quantile_cont`` of DuckDB. ibis takes an estimate."""
        return self._visit_quantile("quantileExactInclusiveOrNull", arg, quantile, where)

    def visit_Median(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: N802
        """The quantile of one half."""
        return self.visit_Quantile(op, arg=arg, quantile=sge.convert(0.5), where=where)

    def visit_Correlation(self, op: Any, *, left: Any, right: Any, how: str, where: Any) -> Any:  # noqa: N802
        """It is one number, whether of a sample or of all; each engine of ibis takes the name of one only."""
        return self.agg.corr(left, right, where=where)

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802
        """A moment is UTC, whatever the server's zone is."""
        if dtype.is_timestamp():
            return self.f.toDateTime64(f"{value:%Y-%m-%d %H:%M:%S.%f}", 6, "UTC")
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)


class ClickHouse(Backend):
    """The engine; made by ``from_connection``."""

    compiler = _Compiler()
