from typing import Any

NULL: Any
