"""Each report, computed from the tables."""
