"""What the package's own tables say: which SDKs it instruments, and which names it emits."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import otel_genai_instr
from otel_genai_instr.patching.instrumentor import GenAIInstrumentor
from otel_genai_instr.semconv import attributes, events, metrics, own


def constants(module: object) -> set[str]:
    """The names that a module of constants holds."""
    return {value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}


INSTRUMENTORS: Final[dict[str, type[GenAIInstrumentor]]] = {
    sdk: getattr(import_module(module), name)
    for name, (sdk, module) in otel_genai_instr._INSTRUMENTORS.items()  # pyright: ignore[reportPrivateUsage]
}
"""By the name of the SDK, whether or not it is installed."""
ATTRIBUTES: Final = constants(attributes) | constants(own)
"""What stands on spans, events and metric points."""
EMITTED: Final = (
    ATTRIBUTES
    | constants(events)
    | {value.name for value in vars(metrics).values() if isinstance(value, metrics.Instrument)}
)
"""The same, and the names of events and metrics."""
NAMESPACES: Final = sorted({name.split(".")[0] for name in EMITTED})
"""``gen_ai``, ``server``: what stands before the first dot."""
