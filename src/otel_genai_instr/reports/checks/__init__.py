"""Rules over reports."""
