# Its own types are partly unknown: what is asked of it by name is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
