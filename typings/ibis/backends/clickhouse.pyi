from typing import Any

class Backend:
    compiler: Any
    con: Any
    compile: Any
    @classmethod
    def from_connection(cls, connection: Any) -> Any: ...
