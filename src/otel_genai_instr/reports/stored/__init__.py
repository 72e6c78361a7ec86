"""OTLP JSON files → Parquet, each line once."""
