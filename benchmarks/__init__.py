"""What the instrumentation costs, as a ratio to a hand-written minimum: ``python -m benchmarks``."""
