"""Every name that this package emits, and nothing else.

The names follow the GenAI semantic conventions pinned at :data:`CONVENTIONS_COMMIT`. The package
``opentelemetry-semantic-conventions`` is frozen before the current names, so they are spelled out here.
"""

CONVENTIONS_REPOSITORY = "open-telemetry/semantic-conventions-genai"
CONVENTIONS_COMMIT = "06ec68e722c45a7218e23ea1bc1339fe4e21ecae"
SCHEMA_URL = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev"
SCOPE = "otel_genai_instr"
"""Of our spans and metrics: the instrumentation that makes them."""
