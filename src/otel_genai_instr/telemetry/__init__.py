"""The life of one operation and the signals it leaves: span, metrics, events. Knows no SDK."""
