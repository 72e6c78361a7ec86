from typing import Any

class Backend:
    compiler: Any
    @classmethod
    def from_connection(cls, connection: Any) -> Any: ...
