from typing import Any

class ClickhouseAggGen:
    def aggregate(self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: Any = ()) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...

# Any, since its methods are told apart by the arguments that each of them takes.
ClickHouseCompiler: Any
