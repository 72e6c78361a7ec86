"""Under whose name spans, metrics and events of ours are made."""

from typing import Final

SCOPE: Final = "otel_genai_instr"
