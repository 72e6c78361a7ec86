"""A month of believable telemetry, by seed: planned calls, played through the package or filled into what it writes."""
