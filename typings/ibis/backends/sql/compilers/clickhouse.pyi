from typing import Any

class ClickhouseAggGen:
    def aggregate(self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: Any = ()) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...

class ClickHouseCompiler:
    # Any, since its methods are told apart by the arguments that each of them takes.
    f: Any
    if_: Any
    cast: Any
    visit_Cast: Any
    visit_LagLead: Any
    visit_WindowFunction: Any
    visit_NonNullLiteral: Any
    _visit_quantile: Any
