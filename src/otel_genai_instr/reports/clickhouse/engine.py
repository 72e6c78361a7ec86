"""ClickHouse as an engine of ibis that answers what DuckDB answers. What differs is mended here, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import ibis
import ibis.expr.operations as ops
import pyarrow
import sqlglot.expressions as sge
from clickhouse_connect.driver.exceptions import ClickHouseError
from ibis.backends.clickhouse import Backend
from ibis.backends.sql.compilers.base import NULL
from ibis.backends.sql.compilers.clickhouse import ClickhouseAggGen, ClickHouseCompiler
from ibis.util import gen_name

from ..exceptions import Unanswered
from .connection import reason_of

QueryOf = Callable[[Collection[str]], str]
"""The query that answers these columns."""

_NAME: Final = re.compile(r'"(\w+)"')
_OF_WHOLE_ROWS: Final = re.compile(r"\b(DISTINCT|INTERSECT|EXCEPT)\b")
"""Where columns count that nobody names."""
_OF_NOTHING_NULL: Final = frozenset(
    {"sum", "avg", "min", "max", "any", "anyLast", "corr", "stddevSamp", "stddevPop", "varSamp", "varPop"}
)
_OF_ONE_NULL: Final = frozenset({"stddevSamp", "varSamp"})


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

    def visit_MultiQuantile(self, op: Any, *, arg: Any, quantile: Any, where: Any) -> Any:  # noqa: N802
        """The same, several at once."""
        return self._visit_quantile("quantilesExactInclusive", arg, quantile, where)

    def visit_Median(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: N802
        """The quantile of one half."""
        return self.visit_Quantile(op, arg=arg, quantile=sge.convert(0.5), where=where)

    def visit_Correlation(self, op: Any, *, left: Any, right: Any, how: str, where: Any) -> Any:  # noqa: N802
        """It is one number, whether of a sample or of all; each engine of ibis takes the name of one only."""
        return self.agg.corr(left, right, where=where)

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: N802
        """To the nearest number, a half to the even one. ClickHouse's own cuts off."""
        is_rounded = op.arg.dtype.is_floating() and to.is_integer()
        return super().visit_Cast(op, arg=self.f.roundBankers(arg) if is_rounded else arg, to=to)

    def visit_Round(self, op: Any, *, arg: Any, digits: Any) -> Any:  # noqa: N802
        """A half away from zero. ClickHouse's own goes to the even one."""
        unit = self.f.pow(10, sge.convert(0) if digits is None else digits)
        nearest = self.f.sign(arg) * self.f.floor(self.f.abs(arg) * unit + 0.5) / unit
        return self.cast(nearest, op.dtype)

    def visit_LagLead(self, op: Any, *, arg: Any, offset: Any, default: Any) -> Any:  # noqa: N802
        """NULL where there is no such row. ClickHouse's own is 0, '' or 1970 for what can't be NULL."""
        return super().visit_LagLead(op, arg=self.f.toNullable(arg), offset=offset, default=default)

    visit_Lag = visit_Lead = visit_LagLead  # noqa: N815

    def visit_WindowFunction(self, op: Any, *, how: str, func: Any, **window: Any) -> Any:  # noqa: N802
        """Equals have one rank. To ClickHouse rows are equals only where the window is none of rows."""
        is_rank = isinstance(op.func, (ops.MinRank, ops.DenseRank))
        return super().visit_WindowFunction(op, how="range" if is_rank else how, func=func, **window)

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802
        """A moment is UTC, whatever the server's zone is."""
        if dtype.is_timestamp():
            return self.f.toDateTime64(f"{value:%Y-%m-%d %H:%M:%S.%f}", 6, "UTC")
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)


class ClickHouse(Backend):
    """The engine; made by ``from_connection``."""

    compiler = _Compiler()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._queries: dict[str, tuple[QueryOf, tuple[str, ...]]] = {}

    def as_table(self, query: QueryOf, types: Mapping[str, str]) -> Any:
        """A query as a table; of its columns those are asked for that a question names.

        ibis has ``sql`` for this. It reads the query, and writes it again, with each question; and ClickHouse looks at
        every column, whether anything comes of it or not. For fifty columns of a few names each, both take longer
        than the answer.
        """
        name = gen_name("genai")  # by chance, so that no text in a question has it
        self._queries[name] = query, tuple(types)
        return ops.DatabaseTable(name=name, schema=ibis.schema(types), source=self).to_expr()

    def compile(self, expr: Any, /, **options: Any) -> str:
        """The SQL of a question."""
        question: str = super().compile(expr, **options)
        named = {*_NAME.findall(question), *expr.as_table().schema().names}
        is_of_whole_rows = _OF_WHOLE_ROWS.search(question) is not None
        for name, (query, columns) in self._queries.items():
            if name in named:
                asked = [column for column in columns if is_of_whole_rows or column in named]
                question = question.replace(f'"{name}"', f"({query(asked)})")
        return question

    def ask(self, question: str, **options: Any) -> Any:
        """The driver's answer to a question in SQL.

        Raises:
            Unanswered: if there is none.
        """
        try:
            return self.con.query(question, **options)
        except ClickHouseError as error:
            raise Unanswered(f"ClickHouse doesn't answer: {reason_of(error)}") from None

    def to_pyarrow(self, expr: Any, /, *, params: Any = None, limit: Any = None, **options: Any) -> Any:
        """Ask, and bring the answer to the types of the question: a comparison is 0 or 1 to ClickHouse."""
        table = expr.as_table()
        answer = self.ask(self.compile(table, params=params, limit=limit), column_oriented=True, **options)
        columns = answer.result_set or [()] * len(table.schema())
        arrays = [
            pyarrow.array(
                [bool(cell) if cell is not None else None for cell in column] if kind.is_boolean() else column
            )
            for column, kind in zip(columns, table.schema().types, strict=True)
        ]
        found = pyarrow.table(arrays, names=list(table.schema().names))
        return expr.__pyarrow_result__(found.cast(table.schema().to_pyarrow()))
