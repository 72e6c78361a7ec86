# pyarrow has no types: what is asked of it by name is Any, so that the checker looks at our side only.
from typing import Any

from . import parquet as parquet

def __getattr__(name: str) -> Any: ...
