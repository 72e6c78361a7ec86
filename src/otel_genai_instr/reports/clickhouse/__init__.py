"""The tables of the Collector's ``clickhouse`` exporter, as the tables of reports."""
